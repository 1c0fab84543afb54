#!/usr/bin/env node
// Verifies one exported promotion by itself: node verify-bundle.mjs BUNDLE [CHECKPOINT]. Node 20 or newer, nothing else.
// One line for each thing verified; exit code 0 when everything holds, 1 at the first thing that does not.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { keyOf } from './verify-login.mjs';

const GATES = ['data-science', 'devops', 'business', 'security'];
const FIELDS = ['name', 'groups', 'key', 'issuer', 'subject'];
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');
const ascii = (text) => text.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
const say = (text) => process.stdout.write(`ok    ${ascii(text)}\n`);
function must(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}
function canonical(value) {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`;
}

/** What a signed act (a compact JWS, Ed25519) says, when its author's key made the signature over exactly these bytes. */
function opened(text, keyFor, [jws] = text.split('~')) {
  const parts = jws.split('.').map((part) => Buffer.from(part, 'base64url'));
  must(parts.length === 3 && parts.map((part) => part.toString('base64url')).join('.') === jws, 'a signed act is damaged');
  const [{ alg, kid }, act] = parts.slice(0, 2).map((part) => JSON.parse(part));
  const { kty, crv, x } = keyFor(act) ?? {};
  const thumbprint = Buffer.from(sha256(canonical({ crv, kty, x })), 'hex').toString('base64url');
  must(alg === 'EdDSA' && crv === 'Ed25519' && thumbprint === kid, `${act.typ} is signed with a key that is not ${act.person}'s`);
  const [key, signed] = [createPublicKey({ key: { kty, crv, x }, format: 'jwk' }), jws.slice(0, jws.lastIndexOf('.'))];
  must(verify(null, Buffer.from(signed), key, parts[2]), `the signature of ${act.person} under ${act.typ} does not hold`);
  return { ...act, kid, hash: sha256(text) };
}

function verifyFile(text) {
  const { digest, ...bundle } = JSON.parse(text);
  const names = Object.keys(bundle).sort().join();
  must(bundle.form === 'gatehouse-bundle/v1' && names === 'contents,envelopes,events,form,promotion', 'this is no bundle');
  const whole = `${ascii(canonical({ ...bundle, digest }))}\n` === text && sha256(ascii(canonical(bundle))) === digest;
  must(whole, 'the file was changed: it is not the one of its digest');
  say(`the file is whole: ${bundle.promotion}, digest ${digest}`);
  return bundle;
}

function verifyEvents({ events }) {
  let last = { seq: 0, hash: '0'.repeat(64) };
  const read = events.map(({ previous, body, hash }) => {
    const event = { ...JSON.parse(body), hash };
    must(sha256(Buffer.from(previous, 'hex'), body) === hash, `event ${event.seq} does not have its hash`);
    const isNext = event.seq > last.seq + 1 || (event.seq === last.seq + 1 && previous === last.hash);
    must(isNext, `event ${event.seq} does not follow on event ${last.seq}`);
    return (last = event);
  });
  say(`${read.length} events, ${read[0].seq} to ${last.seq}, have their hashes and follow where they are neighbours`);
  return read;
}

function verifyActs({ envelopes }, events) {
  const about = (person, seq) => events.filter((event) => event.subject === `person/${person}` && event.seq < seq);
  const says = ({ action }) => action !== 'enrolment.proposed' && action !== 'act.refused';
  const enrolled = (person, seq) => about(person, seq).findLast(says)?.detail;
  const naming = events.filter(({ action, detail }) => action !== 'act.refused' && detail.envelope !== undefined);
  const acts = envelopes.map((text, i) => opened(text, (act) => keyOf(text, act, enrolled(act.person, naming[i]?.seq), events)));
  must(naming.length === acts.length, 'a signed act or its event is missing');
  acts.forEach((act, i) => {
    const { typ, person, printed_name: name, installation, environment, kid, hash, issued, gate, decision } = act;
    const { seq, actor, detail } = naming[i];
    const saysSame = Object.keys(detail).every((field) => typeof (act[field] ?? {}) === 'object' || act[field] === detail[field]);
    must(detail.envelope === hash && actor === person && saysSame, `event ${seq} is not what ${person} signed`);
    const isHere = installation === acts[0].installation && environment === acts[0].environment;
    const half = events.find((event) => event.actor !== actor && event.detail.envelope === detail.first);
    const isByTwo = FIELDS.every((field) => canonical(half?.detail[field] ?? 0) === canonical(detail[field] ?? 0));
    must(isByTwo || detail.kind !== 'administrators', `event ${seq} is not by two administrators`);
    must(isHere && enrolled(person, seq).name === name, `${typ} of ${person} is of another installation or name`);
    say(`${[typ, gate, decision].filter(Boolean).join(' ')}: signed ${issued} by ${name} <${person}>, key ${kid}`);
  });
  return { about, enrolled, acts: new Map(acts.map((act) => [act.hash, act])) };
}

function verifyContents({ contents, events }, acts) {
  const named = [...events.map(({ body }) => body), ...[...acts.values()].map(canonical)].join();
  for (const [digest, text] of Object.entries(contents))
    must(sha256(text) === digest && named.includes(`"${digest}"`), `content ${digest} is not one that an event or act names`);
  say(`${Object.keys(contents).length} contents (policies, evidence, manifest, features, record) have their digests`);
}

function verifyApprovals({ promotion, contents }, events, { about, enrolled, acts }) {
  const on = (action, subject = promotion) => events.filter((event) => event.action === action && event.subject === subject);
  const [[requested], [changed]] = [on('promotion.requested'), on('production.changed')];
  const [registered] = on('version.registered', promotion.replace(/\/\d+$/, ''));
  must(requested && registered, 'the request or the registration is missing');
  if (!changed) return say(`NOT PROMOTED: ${promotion} is ${on('stage.changed').at(-1).detail.to}`);
  const { model, to: version, from, evidence: evidence_digest, policy: policy_digest, approvals } = changed.detail;
  const { artifactDigest: artifact_digest, featureHash: feature_hash } = registered.detail;
  const over = { promotion, model, version, artifact_digest, evidence_digest, policy_digest };
  const signs = (act, fields) => Object.entries({ ...over, ...fields }).every(([field, value]) => act?.[field] === value);
  for (const { gate, person, envelope } of approvals) {
    const said = on('decision.approved').find(({ seq, detail }) => detail.envelope === envelope && seq < changed.seq);
    const isSigned = signs(acts.get(envelope), { typ: 'gatehouse-decision/v1', decision: 'approve', gate, person, feature_hash });
    must(said && isSigned, `the approval at ${gate} is not over this evidence, policy and artifact`);
    const after = on('decision.retracted').filter(({ seq, actor }) => actor === person && seq > said.seq && seq < changed.seq);
    const { group } = JSON.parse(contents[policy_digest]).gates[gate];
    const isVoid = ({ seq, action, detail: { key } }) =>
      action === 'person.revoked' || (action === 'person.changed' && key !== enrolled(person, seq).key);
    const isKept = after.length === 0 && !about(person, changed.seq).some((event) => event.seq > said.seq && isVoid(event));
    must(isKept && enrolled(person, changed.seq).groups.includes(group), `${person} did not or could not approve ${gate}`);
  }
  const who = approvals.map(({ person }) => person);
  const open = GATES.filter((gate) => !approvals.some((approval) => approval.gate === gate));
  must(open.length === 0, `there is no approval at ${open.join(', ')}`);
  must(new Set(who).size === who.length, 'one person approved twice');
  must(!who.includes(requested.actor) && !who.includes(registered.actor), 'somebody approved their own version');
  say(`${GATES.length} gates approved by ${who.join(', ')}, none of whom registered or requested the version`);
  const breakGlass = changed.detail.breakGlass ?? [];
  for (const { person, skip, envelope } of breakGlass) {
    const isPair = breakGlass.filter((each) => each.skip === skip && each.person !== person).length === 1;
    const isSigned = signs(acts.get(envelope), { typ: 'gatehouse-break-glass/v1', person, skip });
    must(isPair && isSigned && ![requested.actor, registered.actor].includes(person), `${person} may skip no ${skip}`);
  }
  if (breakGlass.length > 0) say(`BREAK-GLASS by ${breakGlass.map(({ person, skip }) => `${person} (${skip})`).join(' and ')}`);

  const [findings, record] = [contents[evidence_digest], contents[changed.detail.record]].map((text) => JSON.parse(text));
  const passed = ({ verdict, check }) => verdict === 'pass' || (verdict === 'skipped' && check === 'not-worse-than-production');
  must(findings.length === 10 && [...findings, ...record.rechecks].every(passed), 'a check has not passed');
  must(canonical(record.breakGlass ?? []) === canonical(breakGlass), 'the record of the change has another break-glass');
  must(canonical(record.metrics) === contents[evidence_digest], 'the record of the change has other evidence');
  must(canonical({ files: record.artifacts }) === contents[artifact_digest], 'the record of the change has other artifacts');
  say(`${findings.length} checks and ${record.rechecks.length} re-checks passed on ${record.artifacts.length} artifacts`);
  say(`in production since ${changed.at}, in place of ${from ?? 'nothing'} (event ${changed.seq})`);
}

/** A kept checkpoint says which hashes the trail had; of a long trail it has those of every second, fourth, … event. */
function verifyCheckpoint(text, events, acts) {
  const document = JSON.parse(text);
  const { envelope, key, marks } = document.checkpoint ?? document;
  const { typ, seq: until, person, kid, issued, installation, ...signed } = opened(envelope, () => key);
  const isWhole = typ === 'gatehouse-checkpoint/v1' && sha256(canonical(marks)) === signed.marks;
  must(isWhole && installation === [...acts.values()][0].installation, 'the checkpoint is damaged or of another installation');
  const every = 2 ** Math.max(0, Math.ceil(Math.log2(until / 16384)));
  const marked = events.filter(({ seq }) => seq <= until && seq % every === 0);
  for (const { seq, hash } of marked)
    must(marks[seq / every - 1] === hash.slice(0, 32), `event ${seq} is not the one that ${person} signed for`);
  say(`${marked.length} of ${events.length} events are on the trail that ${person} signed for at ${issued}, key ${kid}`);
}

try {
  const [bundlePath, checkpointPath] = process.argv.slice(2);
  const bundle = verifyFile(readFileSync(bundlePath, 'latin1'));
  const events = verifyEvents(bundle);
  const people = verifyActs(bundle, events);
  verifyContents(bundle, people.acts);
  verifyApprovals(bundle, events, people);
  if (checkpointPath) verifyCheckpoint(readFileSync(checkpointPath, 'utf8'), events, people.acts);
} catch (error) {
  process.stdout.write(`FAIL  ${ascii(error.message)}\n`);
  process.exitCode = 1;
}
