/** What is reachable from workflow code at run time; type-only imports are gone when this is cruised. */
module.exports = {
  forbidden: [
    {
      name: 'sandbox-is-deterministic',
      comment: 'no Node built-in, database, mail or schema library in what is replayed',
      severity: 'error',
      from: { path: '^workflows/' },
      to: {
        path: '^(node:|[a-z_]+$)|(^|/)node_modules/(pg|zod|nodemailer|jose|yaml|pino)/|^(platform|activities|workers|client|dev)/',
        pathNot: '^(domain|workflows)',
        reachable: true,
      },
    },
  ],
  options: {
    tsPreCompilationDeps: false,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node'],
    },
  },
};
