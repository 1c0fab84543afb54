/** Who may import what; test/house/imports.test.ts plants a breach of each rule. */
const folder = (...names) => `^(${names.join('|')})/`;

const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: folder(from) },
  to: {
    path: folder('domain', 'workflows', 'activities', 'platform', 'workers', 'client', 'dev'),
    pathNot: folder(from, ...allowed),
  },
});

module.exports = {
  forbidden: [
    only('domain-imports-nothing', 'domain', [], 'rules are values in, values out'),
    {
      name: 'domain-uses-no-package',
      severity: 'error',
      from: { path: folder('domain') },
      to: { dependencyTypes: ['npm', 'core', 'npm-dev', 'npm-optional'] },
    },
    {
      name: 'workflows-import-domain-only',
      comment: 'activities are seen as types; anything else would be replayed',
      severity: 'error',
      from: { path: folder('workflows') },
      to: { path: folder('activities', 'platform', 'workers', 'client', 'dev'), dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'workflows-see-activity-types-only',
      severity: 'error',
      from: { path: folder('workflows') },
      to: { path: folder('platform', 'workers', 'client', 'dev') },
    },
    {
      name: 'workflows-use-no-builtin',
      severity: 'error',
      from: { path: folder('workflows', 'domain') },
      to: { dependencyTypes: ['core'] },
    },
    only('platform-imports-domain-only', 'platform', ['domain'], 'the Node side shared by everybody knows nobody'),
    only(
      'activities-import-rules-and-platform',
      'activities',
      ['domain', 'platform', 'workflows'],
      'effects know rules and tools',
    ),
    {
      name: 'only-messages-of-workflows',
      comment: 'outside the sandbox workflow code is seen as messages and types',
      severity: 'error',
      from: { path: folder('activities', 'client', 'workers') },
      to: { path: folder('workflows'), pathNot: '^workflows/messages\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    only(
      'client-imports-rules-and-platform',
      'client',
      ['domain', 'platform', 'workflows'],
      'a command line loads no worker code',
    ),
    {
      name: 'dev-imports-rules-and-platform',
      comment: 'the stack starts the others as processes of their own',
      severity: 'error',
      from: { path: folder('dev'), pathNot: '^dev/serving/' },
      to: { path: folder('workflows', 'activities', 'workers', 'client') },
    },
    {
      name: 'endpoint-verifies-and-opens',
      comment: 'the demo serving endpoint has of the others what verifies a version and what opens a model',
      severity: 'error',
      from: { path: '^dev/serving/' },
      to: {
        path: folder('workflows', 'activities', 'workers', 'client'),
        pathNot: '^(client/verify|activities/checks/model-session)\\.ts$',
      },
    },
    only(
      'workers-never-import-client-or-dev',
      'workers',
      ['domain', 'platform', 'activities', 'workflows'],
      'the composition root',
    ),
    {
      name: 'serving-verifies-alone',
      comment: 'what a serving system verifies with needs no record, no Temporal and no network',
      severity: 'error',
      from: { path: '^client/verify' },
      to: {
        path: '^(net|tls|dns|https?|http2|child_process)$|(^|/)node_modules/(pg|zod|yaml|hono|@temporalio)/|^(workflows|activities|workers|dev)/',
        reachable: true,
      },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, dependencyTypesNot: ['type-only'] } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node'],
    },
  },
};
