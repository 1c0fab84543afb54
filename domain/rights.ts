/** Everything a policy gives groups the right to; who decides a gate and who loads a version is said beside gates and stages. */
export const RIGHTS = [
  'policy',
  'people',
  'feature-view',
  'dataset',
  'register',
  'request',
  'promote',
  'extend',
  'pause',
  'resume',
  'withdraw',
  'repin',
  'break-glass',
  'freeze',
  'hold',
  'release',
  'retire',
  'rollback',
  'checkpoint',
] as const;
export type Right = (typeof RIGHTS)[number];

/** The groups that have each right. */
export type RightsTable = Readonly<Record<Right, readonly string[]>>;

/** Who has a right where no policy says so: what held before policies had a table of rights. */
export const FIRST_RIGHTS: RightsTable = {
  policy: ['admin'],
  people: ['admin'],
  'feature-view': ['admin', 'mlops'],
  dataset: ['admin', 'mlops'],
  register: ['mlops', 'ds-team'],
  request: ['mlops', 'ds-team'],
  promote: ['mlops', 'ds-team'],
  extend: ['mlops'],
  pause: ['mlops'],
  resume: ['mlops'],
  withdraw: ['mlops', 'ds-team'],
  repin: ['mlops'],
  'break-glass': ['mlops', 'devops'],
  freeze: ['admin', 'mlops', 'devops'],
  hold: ['mlops', 'devops'],
  release: ['mlops'],
  retire: ['mlops'],
  rollback: ['mlops', 'devops'],
  checkpoint: ['admin', 'mlops'],
};

/** The name under which the policies are registered that hold for every model without one of its own. */
export const DEFAULTS = '_defaults';

/**
 * Whose policy says who has the right to an act: the one that the newest attempt of a version has pinned, where it is about an
 * attempt; the newest of a model, where it is about that; the newest defaults, where it is about no single model.
 */
export interface JudgedBy {
  readonly model: string;
  /** Null where no attempt is meant. */
  readonly version: string | null;
}

/** Finds in what was signed whose policy judges it; a model without a policy of its own is judged by the defaults. */
export function judgedBy(payload: Readonly<Record<string, string | number>>): JudgedBy {
  const model = String(payload['model'] ?? '');
  if (model === '') return { model: DEFAULTS, version: null };
  return { model, version: 'promotion' in payload ? String(payload['version']) : null };
}

/** Whether somebody in these groups is in one that is allowed. */
export function hasRight(groups: readonly string[], allowed: readonly string[]): boolean {
  return groups.some((group) => allowed.includes(group));
}
