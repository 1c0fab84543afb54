import type { JWTPayload } from 'jose';
import { applyEnvelope } from '../../activities/registry/apply.js';
import type { Deps } from '../../activities/registry/deps.js';
import { providerKeys } from '../../activities/identity/provider-keys.js';
import { signIn } from '../../client/sign-in/sign-in.js';
import { ACTS, type ActPayload, type ActType, type Decision } from '../../domain/acts.js';
import type { Gate } from '../../domain/policy.js';
import { meaningOf, statementFields } from '../../domain/statement.js';
import { loadAttempt } from '../../platform/attempt.js';
import { databaseNow } from '../../platform/audit.js';
import { signEnvelope } from '../../platform/envelope.js';
import { nonceOver } from '../../platform/id-token.js';
import { generateKey } from '../../platform/keys.js';
import type { ActAnswer } from '../../workflows/messages.js';
import { CLIENT_ID, signInAt, type TestProvider } from './identity-provider.js';
import type { World } from './world.js';

/** Acts signed by logins at a provider, in a world whose workers know it. */
export interface Logins {
  readonly deps: Deps;
  /** A payload by somebody whom the provider knows, as the command line would make it. */
  payload(act: ActType, sub: string, fields: ActPayload): Promise<ActPayload>;
  /** Has somebody sign a payload in their browser. */
  sign(payload: ActPayload, sub: string): Promise<string>;
  /** The same, with what the provider says changed: its key signs whatever is said. */
  forge(payload: ActPayload, sub: string, change?: JWTPayload, header?: { alg?: string; kid?: string }): Promise<string>;
  /** Signs a decision over the statement as the record has it now, and has the promotion's run judge it. */
  decide(promotionId: string, sub: string, gate: Gate, decision?: Decision): Promise<ActAnswer>;
  /** Signs by a login and applies. */
  act(act: ActType, sub: string, fields: ActPayload): Promise<ActAnswer>;
}

/** Somebody on the record by an account instead of a key. */
export function loginsAt(world: World, at: TestProvider): Logins {
  process.env['GATEHOUSE_BROWSER'] = 'none';
  const provider = { issuer: at.issuer, clientId: CLIENT_ID, groupsClaim: 'groups' };
  const deps: Deps = { ...world.deps, identityProvider: providerKeys(provider) };
  const logins: Logins = {
    deps,
    async payload(act, sub, fields) {
      const { rows } = await world.db.reader.query<{ id: string; environment: string }>(
        'SELECT id, environment FROM installation',
      );
      const now = await databaseNow(world.db.reader);
      const { email, name } = at.accounts.get(sub) ?? {};
      return {
        typ: ACTS[act].typ,
        installation: rows[0]?.id ?? '',
        environment: rows[0]?.environment ?? '',
        person: String(email),
        printed_name: String(name),
        nonce: crypto.randomUUID(),
        issued: now,
        expires: new Date(Date.parse(now) + 600_000).toISOString(),
        ...fields,
      };
    },
    async sign(payload, sub) {
      const key = await generateKey();
      const jws = await signEnvelope(payload, key);
      let went: Promise<void> = Promise.resolve();
      const print = (text: string): void => {
        went = signInAt(/https?:\S+/.exec(text)?.[0] ?? '', sub);
      };
      const token = await signIn({ provider, nonce: nonceOver(jws), email: String(payload['person']), print });
      await went;
      return `${jws}~${token}~${key.publicJwk.x}`;
    },
    async forge(payload, sub, change = {}, header = {}) {
      const key = await generateKey();
      const jws = await signEnvelope(payload, key);
      const now = Math.floor(Date.now() / 1_000);
      const usual = { iss: at.issuer, aud: CLIENT_ID, sub, nonce: nonceOver(jws), iat: now, exp: now + 600, auth_time: now };
      return `${jws}~${await at.forge({ ...usual, ...at.accounts.get(sub), ...change }, header)}~${key.publicJwk.x}`;
    },
    async decide(promotionId, sub, gate, decision = 'approve') {
      const attempt = await loadAttempt(world.db.reader, promotionId);
      const fields = attempt && statementFields(attempt);
      if (!fields) throw new Error(`${promotionId} has no statement`);
      const meaning = meaningOf(decision, gate, attempt.policy.gates[gate].asks);
      const payload = await logins.payload('decision', sub, { ...fields, gate, decision, meaning, comment: '' });
      return applyEnvelope(deps, await logins.sign(payload, sub), promotionId);
    },
    act: async (act, sub, fields) => applyEnvelope(deps, await logins.sign(await logins.payload(act, sub, fields), sub)),
  };
  return logins;
}
