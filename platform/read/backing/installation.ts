import { OWNER } from '../../../domain/audit.js';
import type { Db } from '../../pool.js';
import type { Backing } from './backing.js';

/** The installation's environment, which its owner changes once, to production, before anything is signed in it. */
export function installationBacking(db: Db): Backing {
  let environment = 'development';
  return {
    take: (events) =>
      Promise.resolve(
        events
          .filter(({ action }) => action === 'installation.changed')
          .flatMap(({ seq, actor, detail }) => {
            const isThat = actor === OWNER && detail['from'] === environment && detail['to'] === 'production';
            environment = 'production';
            return isThat ? [] : [`event ${seq} changes the installation otherwise than from development to production`];
          }),
      ),
    async finish() {
      const { rows } = await db.query<{ environment: string }>('SELECT environment FROM installation');
      const is = rows[0]?.environment ?? 'missing';
      return is === environment ? [] : [`the installation is ${is}, the trail has it as ${environment}`];
    },
  };
}
