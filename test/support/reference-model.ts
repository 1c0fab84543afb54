/**
 * The rules §1, §3 and §5 once more, in the plainest words, to be compared with the program. It imports nothing of it:
 * where both say the same, two readings of the rules agree. It counts time in whole hours and takes no second for any step.
 */
export type Stage = 'registered' | 'validating' | 'staging' | 'production' | 'archived' | 'rejected' | 'withdrawn' | 'expired';
export type Kind = 'usage' | 'rule' | 'identity' | 'conflict';
export type Person = Readonly<Record<'email' | 'group', string>>;

/** Each gate and the group that decides it. */
export const GATE_GROUPS = { 'data-science': 'ds-team', devops: 'devops', business: 'business', security: 'security' } as const;
export type GateName = keyof typeof GATE_GROUPS;
const SOAK_HOURS = { min: 7 * 24, max: 14 * 24 };

/** What each group may ask for; a decision is its gate's group's. */
const MAY: Readonly<Record<string, readonly Asked['act'][]>> = {
  mlops: ['request', 'promote', 'extend', 'pause', 'resume', 'withdraw', 'repin', 'release', 'retire', 'rollback'],
  'ds-team': ['request', 'promote', 'withdraw'],
  devops: ['rollback'],
};

type OnAttempt = Readonly<Record<'version' | 'promotion', string>>;
/** What somebody asks for; `promotion` is the attempt that is meant. */
export type Asked =
  | { readonly act: 'request'; readonly version: string; readonly from: string }
  | (OnAttempt & { readonly act: 'promote' | 'pause' | 'resume' | 'withdraw' })
  | (OnAttempt & { readonly act: 'extend'; readonly hours: number })
  | (OnAttempt & { readonly act: 'repin'; readonly policy: string })
  | (OnAttempt & { readonly act: 'decision'; readonly gate: GateName; readonly decision: 'approve' | 'reject' | 'retract' })
  | { readonly act: 'release'; readonly version: string }
  | { readonly act: 'retire'; readonly version: string }
  | { readonly act: 'rollback'; readonly from: string | null; readonly to: string };

export interface Attempt {
  readonly id: string;
  readonly by: string;
  readonly stages: string[];
  readonly approvals: Map<GateName, string>;
  policy: string;
  checked: boolean;
  paused: boolean;
  soaked: number;
  extended: number;
}

export interface Version {
  readonly name: string;
  /** How good its figures are: 0 misses a threshold, and of two versions the one with more is better. */
  readonly rank: number;
  readonly registeredBy: string;
  readonly attempts: Attempt[];
  stage: Stage;
  quarantined: boolean;
  servedOnce: boolean;
}

export class ReferenceModel {
  readonly versions = new Map<string, Version>();
  readonly changes: string[] = [];
  production: string | null = null;
  policy = '';

  register(name: string, rank: number, by: string): void {
    const fresh = { stage: 'registered', quarantined: false, servedOnce: false } as const;
    this.versions.set(name, { name, rank, registeredBy: by, ...fresh, attempts: [] });
  }

  /** Every reason for which an act is refused, by kind; none means that it is done. Which reason is named first is nobody's rule. */
  ask(asked: Asked, who: Person): Kind[] {
    const reasons = this.#reasons(asked, who);
    if (asked.act !== 'decision' && !MAY[who.group]?.includes(asked.act)) reasons.push('identity');
    if (reasons.length === 0) this.#carryOut(asked, who);
    return reasons;
  }

  /** Time passes; a pause stops both ends. */
  advance(hours: number): void {
    for (const { stage, attempts } of this.versions.values()) {
      const attempt = attempts.at(-1);
      if (stage === 'staging' && attempt && !attempt.paused) attempt.soaked += hours;
    }
  }

  /** What becomes of a version by itself when its attempt is looked at; ready wins over expired. */
  look(version: Version): void {
    const attempt = version.attempts.at(-1);
    if (!attempt) return;
    if (version.stage === 'validating' || (version.stage === 'staging' && !attempt.checked)) {
      attempt.checked = this.#isGoodEnough(version);
      if (!attempt.checked) return this.#enter(version, 'rejected');
      if (version.stage === 'validating') this.#enter(version, 'staging');
    }
    if (version.stage !== 'staging') return;
    if (this.isReady(attempt) && this.#isGoodEnough(version)) return this.#change(version.name);
    if (isOverdue(attempt)) this.#enter(version, 'expired');
  }

  isReady({ soaked, paused, checked, approvals }: Attempt): boolean {
    return checked && soaked >= SOAK_HOURS.min && !paused && approvals.size === 4;
  }

  version(name: string): Version {
    const found = this.versions.get(name);
    if (!found) throw new Error(`no ${name}`);
    return found;
  }

  #isGoodEnough({ rank }: Version): boolean {
    return rank > 0 && (this.production === null || rank >= this.version(this.production).rank);
  }

  #reasons(asked: Asked, who: Person): Kind[] {
    if (asked.act === 'rollback') {
      const { stage, servedOnce, quarantined } = this.version(asked.to);
      const isTarget = stage === 'archived' && servedOnce && !quarantined;
      return [...when(asked.from !== this.production, 'conflict'), ...when(!isTarget, 'rule')];
    }
    const version = this.version(asked.version);
    if (asked.act === 'request') return requestReasons(version, asked.from);
    if (asked.act === 'retire') return when(this.production !== version.name, 'conflict');
    if (asked.act === 'release') return when(!version.quarantined, 'conflict');
    const attempt = version.attempts.at(-1);
    if (!attempt || version.stage !== 'staging' || asked.promotion !== attempt.id) return ['conflict'];
    if (asked.act === 'promote') return when(!this.isReady(attempt), 'rule');
    // An end nobody has written yet is an end: the signature ran out with it, or the attempt is found to have ended.
    if (isOverdue(attempt)) return ['rule', asked.act === 'decision' ? 'identity' : 'conflict'];
    if (asked.act === 'decision') return decisionReasons(version, asked, who);
    if (asked.act === 'pause' || asked.act === 'resume') return when(attempt.paused === (asked.act === 'pause'), 'conflict');
    if (asked.act === 'withdraw') return when(attempt.by !== who.email, 'rule');
    if (asked.act === 'repin') return when(asked.policy !== this.policy || asked.policy === attempt.policy, 'conflict');
    return [];
  }

  #carryOut(asked: Asked, who: Person): void {
    if (asked.act === 'rollback') return this.#change(asked.to, 'rollback');
    const version = this.version(asked.version);
    const attempt = version.attempts.at(-1);
    if (asked.act === 'request') return this.#open(version, who.email);
    if (asked.act === 'retire') return this.#change(null);
    if (asked.act === 'release') version.quarantined = false;
    else if (asked.act === 'withdraw') this.#enter(version, 'withdrawn');
    else if (asked.act === 'decision' && asked.decision === 'reject') this.#enter(version, 'rejected');
    else if (asked.act === 'decision' && asked.decision === 'retract') attempt?.approvals.delete(asked.gate);
    else if (asked.act === 'decision') attempt?.approvals.set(asked.gate, who.email);
    else if (asked.act === 'extend' && attempt) attempt.extended += asked.hours;
    else if (asked.act === 'repin' && attempt) {
      attempt.policy = asked.policy;
      attempt.approvals.clear();
      attempt.checked = false;
    } else if (asked.act !== 'promote' && attempt) attempt.paused = asked.act === 'pause';
  }

  #open(version: Version, by: string): void {
    const id = `${version.name}/${version.attempts.length + 1}`;
    const none = { stages: [], approvals: new Map<GateName, string>(), checked: false, paused: false, soaked: 0, extended: 0 };
    version.attempts.push({ id, by, policy: this.policy, ...none });
    this.#enter(version, 'validating');
  }

  #enter(version: Version, to: Stage): void {
    version.attempts.at(-1)?.stages.push(`${version.stage} → ${to}`);
    version.stage = to;
  }

  #change(to: string | null, kind?: 'rollback'): void {
    this.changes.push(`${this.production ?? 'none'} → ${to ?? 'none'}`);
    const left = this.production === null ? undefined : this.version(this.production);
    if (left) Object.assign(left, { stage: 'archived', quarantined: kind === 'rollback' });
    if (to !== null) Object.assign(this.version(to), { stage: 'production', servedOnce: true });
    this.production = to;
  }
}

function requestReasons({ stage, quarantined }: Version, from: string): Kind[] {
  const isNoStep = stage === 'archived';
  const isOpen = stage === 'validating' || stage === 'staging' || stage === 'production';
  return [...when(isOpen || from !== stage, 'conflict'), ...when(isNoStep || quarantined, 'rule')];
}

function decisionReasons({ registeredBy, attempts }: Version, asked: Asked & { act: 'decision' }, who: Person): Kind[] {
  const { gate, decision } = asked;
  const approvals = attempts.at(-1)?.approvals ?? new Map<GateName, string>();
  const own = [...approvals].find(([, by]) => by === who.email)?.[0];
  const isBarred = registeredBy === who.email || attempts.some(({ by }) => by === who.email);
  const isTaken = decision === 'retract' ? own !== gate : own === gate || (decision === 'approve' && approvals.has(gate));
  const isSecond = decision !== 'retract' && own !== undefined && own !== gate;
  return [
    ...when(isBarred || isSecond, 'rule'),
    ...when(GATE_GROUPS[gate] !== who.group, 'identity'),
    ...when(isTaken, 'conflict'),
  ];
}

function isOverdue({ soaked, extended }: Attempt): boolean {
  return soaked >= SOAK_HOURS.max + extended;
}

function when(holds: boolean, kind: Kind): Kind[] {
  return holds ? [kind] : [];
}
