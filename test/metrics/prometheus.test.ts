import { prometheus } from '../../activities/metrics/prometheus.js';
import { startExporter } from '../support/exporter.js';
import { startPrometheus } from '../support/prometheus.js';
import { prometheusBinary } from '../support/prometheus-binary.js';
import { eventually } from '../support/stack.js';
import { FEATURES, keepsContract, windowOf } from './source-contract.js';

const binary = await prometheusBinary();

keepsContract(
  'Prometheus',
  binary === undefined
    ? undefined
    : async () => {
        const exporter = await startExporter(FEATURES);
        const server = await startPrometheus(binary, [exporter.target]);
        const source = prometheus({ url: server.url });
        const { signal } = new AbortController();
        return {
          source,
          model: 'contract',
          async predicted(of, predictions) {
            exporter.announce(of);
            await eventually(async () => {
              const { service } = await source.read(windowOf(of), signal);
              return service.known && service.value.requests === 0;
            });
            exporter.predicted(of, predictions);
          },
          async close() {
            await server.close();
            await exporter.close();
          },
        };
      },
);
