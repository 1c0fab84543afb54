import { holdInForce, type Hold } from '../../domain/hold.js';
import type { SignedBy } from '../../domain/loadable.js';
import { hasTrustedRight, wrongTrust, type Trust } from '../../domain/trust.js';
import { holdSpool } from './hold-spool.js';
import { verifyAct } from './signed-act.js';

/**
 * The hold in force on a model by what is signed in the serving directory, or undefined: with one, answer nothing with the model.
 * Needs neither record nor network. What nobody trusted with the right to it has signed holds and lifts nothing. Throws where
 * trust or directory cannot be read: nobody knows then, so take it for held.
 */
export async function heldBy(servingDir: string, model: string, trust: Trust): Promise<Hold | undefined> {
  return holdInForce(await signedHolds(servingDir, model, trust), model);
}

/** The holds and lifts of a model and of all models in the serving directory that somebody with the right has signed. */
export async function signedHolds(servingDir: string, model: string, trust: Trust): Promise<SignedBy[]> {
  const fault = wrongTrust(trust);
  if (fault !== undefined) throw new Error(`the trust file: ${fault}`);
  const signed: SignedBy[] = [];
  for (const envelope of await holdSpool(servingDir).list(model)) {
    const verdict = await verifyAct(envelope, 'hold', trust, 'until-revoked');
    if (verdict.ok && hasTrustedRight(trust, verdict.act.person, 'hold')) signed.push(verdict.act);
  }
  return signed;
}
