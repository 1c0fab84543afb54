import { sha256 } from '../../digest.js';
import type { Db } from '../../pool.js';
import type { Backing } from './backing.js';
import { registrations, type RegisteredRow } from './registrations.js';

interface Row extends RegisteredRow {
  readonly feature_hash: string;
  readonly features: string;
}

const VIEWS = `
  SELECT 'feature-view/' || v.name || '/' || v.version AS subject, v.feature_hash, v.features, v.file_text, v.envelope,
         e.jws, v.registered_at = e.received_at AS on_time
    FROM feature_view v LEFT JOIN envelope e ON e.hash = v.envelope ORDER BY v.registered_at`;

/** Compares every feature view with its event and its signed file. */
export function featureViewsBacking(db: Db): Backing {
  return registrations<Row>(db, {
    action: 'feature-view.registered',
    select: VIEWS,
    fault({ feature_hash: hash, features }, { detail }) {
      if (hash !== detail['featureHash']) return 'its feature hash is another one';
      return sha256(features) === hash ? undefined : 'its features are not those of its feature hash';
    },
  });
}
