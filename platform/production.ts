import { OWNER } from '../domain/audit.js';
import type { Refusal } from '../domain/refusal.js';
import { appendAudit } from './audit.js';
import { inTransaction, openPool } from './pool.js';

/** The installation stays what it is; the refusal says why. */
export class StaysDevelopment extends Error {
  override readonly name = 'StaysDevelopment';

  constructor(readonly refusal: Refusal) {
    super(refusal.what);
  }
}

/**
 * Makes an installation production, for good, with the owner's login, in one audited transaction; answers whether it was not
 * already. Throws a `StaysDevelopment` once its clock was moved or somebody has signed an act in it: what is signed says where.
 */
export async function makeProduction(ownerUrl: string): Promise<boolean> {
  const pool = openPool(ownerUrl, 'gatehouse migrate', { max: 1 });
  try {
    return await inTransaction(pool, async (tx) => {
      const { rows } = await tx.query<{ id: string; environment: string; moved: boolean; signed: boolean }>(
        `SELECT id, environment, clock_offset <> '0' AS moved, EXISTS (SELECT FROM envelope WHERE accepted) AS signed
           FROM installation FOR UPDATE`,
      );
      const { id = '', environment = '', moved = true, signed = true } = rows[0] ?? {};
      if (environment === 'production') return false;
      if (moved || signed) {
        const what = moved ? 'its clock was moved' : 'people have signed acts in it, which say that it is development';
        throw new StaysDevelopment({
          kind: 'rule',
          what: `the installation stays ${environment}: ${what}`,
          next: 'make a new record',
        });
      }
      await tx.query(`UPDATE installation SET environment = 'production'`);
      const detail = { from: environment, to: 'production' };
      await appendAudit(tx, { action: 'installation.changed', actor: OWNER, subject: `installation/${id}`, detail });
      return true;
    });
  } finally {
    await pool.end();
  }
}
