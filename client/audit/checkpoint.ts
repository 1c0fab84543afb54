import type { Refusal } from '../../domain/refusal.js';
import { checkpointFile, marksDigest, openCheckpoint, readMarks, type OpenedCheckpoint } from '../../platform/checkpoint.js';
import { readMailConfig } from '../../platform/config.js';
import type { MailServer } from '../../platform/mail-server.js';
import { personByKey } from '../../platform/people.js';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import { Refused, type Outcome } from '../output.js';
import { actOutcome, asWriter, sendSigned, type Writing } from '../signing.js';
import { mustBeNew, writeOut } from '../out-file.js';
import { checkpointMail, mailTo } from './checkpoint-mail.js';
import { fileText } from './file-text.js';
import { trailRefusal } from './verify.js';

interface Options {
  readonly approver: string;
  readonly out?: string;
  readonly mail?: string;
  readonly json?: boolean;
}

/** How `audit checkpoint` is called. */
export const CHECKPOINT_EXAMPLE = `
Example:
  gatehouse audit checkpoint --approver alice.admin@duetmind.example --out checkpoint.json

--mail needs GATEHOUSE_SMTP_URL (smtps://user:password@host:465, or smtp:// with STARTTLS) and GATEHOUSE_MAIL_FROM.`;

/**
 * Verifies the trail and signs for it as it is; answers the file that finds whatever of it is written anew later. It is
 * written before it is mailed, and printed where it could be neither, so that what was signed is never lost.
 */
export async function checkpoint({ approver, out, mail, json }: Options): Promise<Outcome> {
  await mustBeNew(out);
  const mailing = mail === undefined ? undefined : { to: mailTo(mail), server: readMailConfig() };
  return await asWriter(async (writing) => {
    const { db } = writing.record;
    const report = await verifyTrail(db);
    if (!report.ok) return { document: { ...report }, text: '', refusal: trailRefusal(report) };
    const { events: seq, head } = report;
    if (seq === 0) throw new Refused({ kind: 'rule', what: 'the audit trail has no events yet', next: 'gatehouse register DIR' });
    const marks = await readMarks(db, seq);
    const fields = { seq, events: seq, head, marks: marksDigest(marks) };
    const { envelope, answer } = await sendSigned(writing, 'checkpoint', fields, approver);
    const outcome = actOutcome(answer, '');
    if (outcome.refusal) return outcome;
    const { file, signed } = await keptFile(writing, { envelope, marks });
    const text = fileText(file);
    if (out !== undefined) await writeOut(out, text);
    const refusal = mailing && (await mailed(mailing, { text, signed }));
    const isKept = out !== undefined || (mailing && !refusal);
    const said = [
      `${approver} vouches for the audit trail up to event ${seq}`,
      `  head        ${head}`,
      ...(out === undefined ? [] : [`  checkpoint  ${out}`]),
      ...(mailing && !refusal ? [`  mailed to   ${mailing.to.join(', ')}`] : []),
      'Keep it where nobody who can write to this database can reach.',
    ].join('\n');
    const sentTo = mailing && !refusal ? mailing.to : [];
    const document = { ...outcome.document, out: out ?? null, mailedTo: sentTo, checkpoint: file };
    const shown = isKept || json === true ? { document, text: said } : { document: null, text: text.trimEnd() };
    return refusal ? { ...shown, refusal } : shown;
  });
}

/** Mails the checkpoint; answers why it is not there, if it is not. */
async function mailed(
  { to, server }: { readonly to: readonly string[]; readonly server: MailServer },
  { text, signed }: { readonly text: string; readonly signed: OpenedCheckpoint },
): Promise<Refusal | undefined> {
  const { MailError, sendMail } = await import('../../platform/mail.js');
  const { payload, hash } = signed.signed;
  const saying = (field: string): string => String(payload[field]);
  const by = { by: saying('person'), issued: saying('issued'), installation: saying('installation') };
  const made = { text, seq: signed.seq, head: signed.head, hash, ...by };
  try {
    await sendMail(server, checkpointMail(made, to, server));
    return undefined;
  } catch (error) {
    if (!(error instanceof MailError)) throw error;
    const { what, kind, next } = error.refusal;
    return { kind, what: `the checkpoint is on the record and was not mailed: ${what}`, ...(next !== undefined && { next }) };
  }
}

/** The file, read back as `audit verify` will read it, so that nothing is kept that proves nothing. */
async function keptFile({ record }: Writing, made: { readonly envelope: string; readonly marks: readonly string[] }) {
  const kid = (JSON.parse(Buffer.from(made.envelope.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;
  const key = (await personByKey(record.db, kid))?.publicKey ?? {};
  const file = checkpointFile({ ...made, key });
  const signed = await openCheckpoint(fileText(file));
  if ('refusal' in signed) throw new Refused(signed.refusal);
  return { file, signed };
}
