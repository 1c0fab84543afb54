import type { Db } from '../pool.js';

/** A look that a group owes afterwards; times are ISO text. */
export interface Review {
  readonly id: string;
  readonly kind: string;
  /** The promotion it is about. */
  readonly subject: string;
  readonly owner: string;
  readonly openedAt: string;
  readonly dueAt: string;
  readonly closedAt: string | null;
  readonly closedBy: string | null;
}

/** The reviews of a model's promotions, or of all where none is named, first opened first. */
export async function reviewsOf(db: Db, model: string | null): Promise<Review[]> {
  const { rows } = await db.query<Review>(
    `SELECT r.id, r.kind, r.subject, r.owner_group AS owner, r.opened_at AS "openedAt", r.due_at AS "dueAt",
            r.closed_at AS "closedAt", r.closed_by AS "closedBy"
       FROM review r JOIN promotion p ON p.id = r.subject JOIN model_registry m ON m.id = p.model_id
      WHERE $1::text IS NULL OR m.name = $1 ORDER BY r.opened_at, r.id`,
    [model],
  );
  return rows;
}
