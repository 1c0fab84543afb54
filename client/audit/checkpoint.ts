import { checkpointFile, marksDigest, openCheckpoint, readMarks } from '../../platform/checkpoint.js';
import { personByKey } from '../../platform/people.js';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import { Refused, type Outcome } from '../output.js';
import { actOutcome, asWriter, sendSigned, type Writing } from '../signing.js';
import { mustBeNew, fileText, writeNew } from './out.js';
import { trailRefusal } from './verify.js';

interface Options {
  readonly approver: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** How `audit checkpoint` is called. */
export const CHECKPOINT_EXAMPLE = `
Example:
  gatehouse audit checkpoint --approver alice.admin@duetmind.example --out checkpoint.json`;

/** Verifies the trail and signs for it as it is; answers the file that finds whatever of it is written anew later. */
export async function checkpoint({ approver, out, json }: Options): Promise<Outcome> {
  await mustBeNew(out);
  return await asWriter(async (writing) => {
    const { db } = writing.record;
    const report = await verifyTrail(db);
    if (!report.ok) return { document: { ...report }, text: '', refusal: trailRefusal(report) };
    const { events: seq, head } = report;
    if (seq === 0) throw new Refused({ kind: 'rule', what: 'the audit trail has no events yet', next: 'gatehouse register DIR' });
    const marks = await readMarks(db, seq);
    const fields = { seq, events: seq, head, marks: marksDigest(marks) };
    const { envelope, answer } = await sendSigned(writing, 'checkpoint', fields, approver);
    const said = [
      `${approver} vouches for the audit trail up to event ${seq}`,
      `  head        ${head}`,
      `  checkpoint  ${out ?? ''}`,
      'Keep it where nobody who can write to this database can reach.',
    ].join('\n');
    const outcome = actOutcome(answer, said);
    if (outcome.refusal) return outcome;
    const file = await keptFile(writing, { envelope, marks });
    if (out !== undefined) await writeNew(out, fileText(file));
    const document = { ...outcome.document, out: out ?? null, checkpoint: file };
    return out === undefined && json !== true ? { document: null, text: fileText(file).trimEnd() } : { document, text: said };
  });
}

/** The file, read back as `audit verify` will read it, so that nothing is kept that proves nothing. */
async function keptFile({ record }: Writing, made: { readonly envelope: string; readonly marks: readonly string[] }) {
  const kid = (JSON.parse(Buffer.from(made.envelope.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;
  const key = (await personByKey(record.db, kid))?.publicKey ?? {};
  const file = checkpointFile({ ...made, key });
  const opened = await openCheckpoint(fileText(file));
  if ('refusal' in opened) throw new Refused(opened.refusal);
  return file;
}
