import { parseDataset } from '../../files/dataset-file.js';
import type { Db } from '../../pool.js';
import { differing, type Backing } from './backing.js';
import { createOrder } from './order.js';
import { registrations, type RegisteredRow } from './registrations.js';

interface Row extends RegisteredRow {
  readonly name: string;
  readonly series: string;
  readonly role: string;
  readonly digest: string;
  readonly feature_view: string;
  readonly feature_view_version: number;
  readonly label: string;
  readonly positive: string | null;
  readonly received_at: string;
}

const DATASETS = `
  SELECT 'dataset/' || d.name AS subject, d.name, d.series, d.role, d.digest, d.feature_view, d.feature_view_version, d.label,
         d.positive, d.file_text, d.envelope, e.jws, e.received_at, d.registered_at = e.received_at AS on_time
    FROM dataset d LEFT JOIN envelope e ON e.hash = d.envelope ORDER BY d.seq`;

/** Compares every data set with its event and, column by column, with its signed file. */
export function datasetsBacking(db: Db): Backing {
  const order = createOrder();
  return registrations<Row>(db, {
    action: 'dataset.registered',
    select: DATASETS,
    fault(row, event) {
      const { digest, series, role } = event.detail;
      const fault = differing({ ...row }, { digest, series, role }) ?? fileFault(row);
      return fault ?? order.fault(row.series, { receivedAt: row.received_at, event });
    },
  });
}

function fileFault(row: Row): string | undefined {
  const file = parseDataset(row.file_text, 'data set');
  if (!file.ok) return 'its file can no longer be read';
  const { name, featureView, label, positive } = file.value;
  const view = { feature_view: featureView.name, feature_view_version: featureView.version };
  return differing({ ...row }, { name, ...view, label, positive: positive ?? null });
}
