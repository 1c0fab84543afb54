import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inject, it } from 'vitest';
import { root } from '../support/stack.js';
import { medianMs, say } from './figures.js';

const run = promisify(execFile);

it('the command line, beside node itself (after npm run build)', async () => {
  const cli = join(root, 'dist', 'cli.js');
  const env = { ...process.env, GATEHOUSE_READ_URL: inject('postgres').readUrl, TEMPORAL_ADDRESS: '127.0.0.1:1' };
  const node = await medianMs(7, () => run(process.execPath, ['-e', '0']));
  for (const verb of ['--help', 'status']) {
    const took = await medianMs(7, () => run(process.execPath, [cli, verb], { env }));
    say(`gatehouse ${verb}, node -e 0`, `${took.toFixed(0)} ms, ${node.toFixed(0)} ms (${(took / node).toFixed(2)} times)`);
  }
});
