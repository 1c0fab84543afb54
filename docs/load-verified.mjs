// Loads a model only after everything about it was verified: node load-verified.mjs MODEL BUNDLE TRUST SERVING STORE
// TRUST is a file of your own (gatehouse people list --json), BUNDLE comes from gatehouse resolve --out.
import { readFileSync } from 'node:fs';
import { heldBy, readTrustFile, verifyBundle } from '../dist/verify.js';

const [model, bundlePath, trustPath, serving, store] = process.argv.slice(2);
const stop = (why) => {
  process.stderr.write(`not loaded: ${why}\n`);
  process.exit(1);
};

const trust = readTrustFile(trustPath);
const hold = await heldBy(serving, model, trust).catch((error) => ({ by: 'nobody knows', reason: error.message }));
if (hold) stop(`held by ${hold.by}: ${hold.reason}`);
const verdict = await verifyBundle({ bundle: readFileSync(bundlePath, 'utf8'), trust, model, store });
if (!verdict.ok) stop(verdict.problem);
// These bytes were hashed; what is in the file by now is another matter.
const bytes = await verdict.verifiedFile('model.onnx');
process.stdout.write(`${model} ${verdict.bundle.version}: ${bytes.length} bytes to load\n`);
