import type { Policy } from './policy.js';
import type { Refusal } from './refusal.js';
import { DEFAULTS, hasRight, type Right } from './rights.js';

type Rights = Pick<Policy, 'rights'>;

/** What a policy is registered into: its defaults, what held for its model before, by whom, and who could still act. */
export interface RegisteredInto {
  readonly by: { readonly email: string; readonly groups: readonly string[] };
  /** The newest defaults; undefined where these are the first. */
  readonly defaults: Rights | undefined;
  /** What held for the model before; undefined where nothing did. */
  readonly before: Rights | undefined;
  /** The groups in which somebody is enrolled whose key counts here. */
  readonly living: readonly string[];
}

/**
 * Why the table of rights of a policy is not one to register, or undefined when it is. The groups that may change a model's policy
 * grow beyond those of the defaults only by somebody whom the defaults let change policies; and somebody is always left who may.
 */
export function judgeRights(policy: Pick<Policy, 'model' | 'rights'>, into: RegisteredInto): Refusal | undefined {
  return widened(policy, into) ?? locked(policy, into);
}

function widened(
  { model, rights }: Pick<Policy, 'model' | 'rights'>,
  { by, defaults, before }: RegisteredInto,
): Refusal | undefined {
  if (model === DEFAULTS || !defaults || hasRight(by.groups, defaults.rights.policy)) return undefined;
  const known = [...defaults.rights.policy, ...(before?.rights.policy ?? [])];
  const more = rights.policy.filter((group) => !known.includes(group));
  if (more.length === 0) return undefined;
  return {
    kind: 'identity',
    what: `right to let more groups change the policy of ${model} (rights.policy: ${more.join(', ')})`,
    given: `${by.email} is in ${by.groups.join(', ')}`,
    allowed: `groups ${defaults.rights.policy.join(', ')}, as ${DEFAULTS} say`,
    next: 'ask somebody who has it',
  };
}

function locked({ model, rights }: Pick<Policy, 'model' | 'rights'>, { living }: RegisteredInto): Refusal | undefined {
  // Who changes people is said by the defaults alone.
  const needed: readonly Right[] = model === DEFAULTS ? ['policy', 'people'] : ['policy'];
  const dead = needed.find((right) => !hasRight(living, rights[right]));
  if (dead === undefined) return undefined;
  return {
    kind: 'rule',
    what: `nobody could change ${dead === 'policy' ? `the policy of ${model}` : 'people'} any more`,
    given: `rights.${dead}: ${rights[dead].join(', ')}`,
    allowed: `a group with a member who can sign: ${living.join(', ')}`,
    next: 'name one of these groups as well, or enrol a member first',
  };
}
