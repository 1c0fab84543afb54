import type { Finding } from '../../domain/checks.js';
import { cpuShare, isBelow } from '../../domain/load.js';
import { formatApart, formatFigure } from '../../domain/metrics.js';
import type { Policy } from '../../domain/policy.js';
import type { LoadMeasured } from '../ports.js';
import { found, type Check } from './check.js';

const NAME = 'resources';

/**
 * Passes when the model's size, the peak memory of its process and its share of the granted cores under the policy's load are
 * all below the policy's limits (rules §2).
 */
export const resources: Check = {
  name: NAME,
  needs: 'load',
  async run(context) {
    const { thresholds, load } = context.policy;
    const { sizeBytes, measured, reasons, source } = await context.underLoad();
    const held = [
      hold('size_bytes', 'model size in bytes', sizeBytes, thresholds.size.below),
      ...(measured ? heldUnderLoad(measured, thresholds, load.cores) : []),
    ];
    const under = measured && {
      cpu_ms: formatFigure(measured.cpuMs, 3),
      wall_ms: formatFigure(measured.wallMs, 3),
      predictions: String(measured.answered),
    };
    return found(NAME, [...reasons, ...held.flatMap(({ reason }) => reason)], {
      measured: { ...Object.fromEntries(held.map(({ key, figure }) => [key, figure])), ...under },
      limit: limits(thresholds),
      source: `${source}; memory by the peak of that process's resident set, CPU by its CPU time over the time of the load and cores`,
    });
  },
};

function heldUnderLoad(measured: LoadMeasured, { memory, cpu }: Policy['thresholds'], cores: number): Held[] {
  const share = cpuShare(measured.cpuMs, measured.wallMs, cores);
  return [
    hold('peak_memory_bytes', 'peak memory in bytes', measured.peakMemoryBytes, memory.below),
    hold('cpu', 'CPU share of the granted cores', share, cpu.below),
  ];
}

interface Held {
  readonly key: string;
  readonly figure: string;
  readonly reason: string[];
}

function hold(key: string, what: string, figure: number, limit: number): Held {
  const [measured, asked] = formatApart(figure, limit);
  return { key, figure: measured, reason: isBelow(figure, limit) ? [] : [`${what} ${measured} is not below ${asked}`] };
}

function limits({ size, memory, cpu }: Policy['thresholds']): Finding['limit'] {
  return {
    size_bytes: `< ${formatFigure(size.below)}`,
    peak_memory_bytes: `< ${formatFigure(memory.below)}`,
    cpu: `< ${formatFigure(cpu.below)}`,
  };
}
