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
