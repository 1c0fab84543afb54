import {
  GATE_GROUPS,
  type Asked,
  type Attempt,
  type GateName,
  type Person,
  type ReferenceModel,
  type Version,
} from './reference-model.js';

/** One step of a year: somebody asks for something, the policy's file changes, or hours pass. */
export type Step =
  | { readonly kind: 'act'; readonly asked: Asked; readonly who: Person }
  | { readonly kind: 'policy' }
  /** `looks`: the runs are there to look at once, or else only after what comes next. */
  | { readonly kind: 'advance'; readonly hours: number; readonly looks: boolean };

/** How often each step is tried; what time, reviewers and requesters do carries a life on, the rest gets in its way. */
const WEIGHTS = {
  advance: 36,
  decision: 40,
  request: 8,
  promote: 3,
  pause: 2,
  resume: 7,
  extend: 3,
  withdraw: 1,
  repin: 3,
  policy: 2,
  release: 4,
  rollback: 3,
  retire: 1,
} as const;
type Tried = keyof typeof WEIGHTS | 'absence';
const GATE_NAMES = Object.keys(GATE_GROUPS) as GateName[];

/** What running a model costs bounds how many attempts a year has, and how many of them soak side by side. */
const ATTEMPTS = { inAll: 14, atOnce: 2 };

/** Draws the next step: half of the time one that fits how things stand, or else anybody asks for anything. */
export function nextStep(random: () => number, model: ReferenceModel, people: readonly Person[]): Step {
  const draw = new Draw(random, model, people);
  const tried = draw.tried();
  if (tried === 'policy') return { kind: 'policy' };
  if (tried === 'advance') return draw.advance();
  if (tried === 'absence') return { kind: 'advance', hours: 108 + Math.floor(random() * 12), looks: false };
  if (tried === 'decision') return draw.decision();
  return draw.act(tried);
}

class Draw {
  readonly #versions: readonly Version[];

  constructor(
    readonly random: () => number,
    readonly model: ReferenceModel,
    readonly people: readonly Person[],
  ) {
    this.#versions = [...model.versions.values()];
  }

  tried(): Tried {
    // Rare moments are used: ready and not in production yet (the runs were away, or a re-check fails), and a newer policy.
    if (this.#promotable().length > 0 && this.random() < 0.2) return 'promote';
    if (this.#repinnable().length > 0 && this.random() < 0.06) return 'repin';
    if (this.#approved().length > 0 && this.random() < 0.45) return 'absence';
    const all = Object.entries(WEIGHTS) as [Tried, number][];
    let left = this.random() * all.reduce((sum, [, weight]) => sum + weight, 0);
    return all.find(([, weight]) => (left -= weight) < 0)?.[0] ?? 'advance';
  }

  advance(): Step {
    const most = this.random() < 0.25 ? 12 : 120;
    return { kind: 'advance', hours: 1 + Math.floor(this.random() * most), looks: this.random() < 0.75 };
  }

  decision(): Step {
    const soaking = this.#staging();
    const seen = this.#versions.filter(({ attempts }) => attempts.some(({ checked }) => checked));
    if (seen.length === 0) return this.advance();
    const version = this.#pick(soaking.length > 0 && this.random() < 0.9 ? soaking : seen);
    const attempt = this.#pick(version.attempts.filter(({ checked }) => checked));
    const kind = this.random();
    const open = GATE_NAMES.filter((each) => !attempt.approvals.has(each));
    if (kind < 0.72 && open.length > 0) return this.#fittingApproval(version, attempt.id, this.#pick(open));
    const given = [...attempt.approvals];
    if (kind < 0.78 && given.length > 0) {
      const [gate, author] = this.#pick(given);
      return this.#decide(version, attempt.id, gate, 'retract', this.#named(author));
    }
    // Whoever registered it or asked for it, now or earlier, tries to approve it.
    const own = this.people.filter(({ email, group }) => group === 'ds-team' && barredFrom(version).includes(email));
    if (kind > 0.9 && own.length > 0) return this.#decide(version, attempt.id, 'data-science', 'approve', this.#pick(own));
    const gate = this.#pick(GATE_NAMES);
    const decision = kind < 0.82 ? 'reject' : kind < 0.86 ? 'approve' : 'retract';
    return this.#decide(version, attempt.id, gate, decision, this.random() < 0.5 ? this.#of(GATE_GROUPS[gate]) : undefined);
  }

  #fittingApproval(version: Version, promotion: string, gate: GateName): Step {
    const barred = barredFrom(version);
    const able = this.people.filter(({ email, group }) => group === GATE_GROUPS[gate] && !barred.includes(email));
    return this.#decide(version, promotion, gate, 'approve', able.length > 0 ? this.#pick(able) : undefined);
  }

  act(act: Exclude<Tried, 'advance' | 'absence' | 'policy' | 'decision'>): Step {
    const fitting = this.random() < 0.6;
    const able = act === 'request' && this.random() < 0.5 ? 'ds-team' : 'mlops';
    const who = fitting ? this.#of(able) : this.#pick(this.people);
    if (act === 'rollback') return { kind: 'act', who, asked: this.#rollback(fitting) };
    if (act === 'request') return { kind: 'act', who, asked: this.#request(fitting) };
    if (act === 'retire' || act === 'release') {
      const wanted = this.#versions.filter(({ stage, quarantined }) => (act === 'retire' ? stage === 'production' : quarantined));
      const version = this.#pick(fitting && wanted.length > 0 ? wanted : this.#versions).name;
      return { kind: 'act', who, asked: { act, version } };
    }
    const soaking = this.#staging();
    const wanted = act === 'promote' ? this.#promotable() : act === 'repin' ? this.#repinnable() : soaking;
    const { name: version, attempts } = this.#pick(wanted.length > 0 && this.random() < 0.9 ? wanted : this.#versions);
    // Now and then somebody means an attempt that is long over.
    const attempt = this.random() < 0.05 ? attempts[0] : attempts.at(-1);
    const on = { version, promotion: attempt?.id ?? '' };
    const signer = (act === 'withdraw' && fitting && this.#named(attempt?.by)) || who;
    if (act === 'extend') return { kind: 'act', who, asked: { act, ...on, hours: 12 + Math.floor(this.random() * 100) } };
    if (act === 'repin') {
      const policy = fitting ? this.model.policy : (attempt?.policy ?? this.model.policy);
      return { kind: 'act', who, asked: { act, ...on, policy } };
    }
    return { kind: 'act', who: signer, asked: { act, ...on } };
  }

  #request(fitting: boolean): Asked {
    const asked = this.#versions.reduce((sum, { attempts }) => sum + attempts.length, 0);
    const free = this.#versions.filter(({ stage }) => ['registered', 'rejected', 'withdrawn', 'expired'].includes(stage));
    const taken = this.#versions.filter((each) => !free.includes(each));
    const mayOpen = asked < ATTEMPTS.inAll && this.#staging().length < ATTEMPTS.atOnce && free.length > 0;
    const version = this.#pick(mayOpen && (fitting || taken.length === 0) ? free : taken.length > 0 ? taken : free);
    const from = mayOpen && this.random() < 0.9 ? version.stage : 'production';
    return { act: 'request', version: version.name, from };
  }

  #rollback(fitting: boolean): Asked {
    const targets = this.#versions.filter(
      ({ stage, servedOnce, quarantined }) => stage === 'archived' && servedOnce && !quarantined,
    );
    const to = this.#pick(fitting && targets.length > 0 ? targets : this.#versions).name;
    const from = this.random() < 0.85 ? this.model.production : this.#pick(this.#versions).name;
    return { act: 'rollback', from, to };
  }

  #decide(
    { name: version }: Version,
    promotion: string,
    gate: GateName,
    decision: 'approve' | 'reject' | 'retract',
    who = this.#pick(this.people),
  ): Step {
    return { kind: 'act', who, asked: { act: 'decision', version, promotion, gate, decision } };
  }

  /** All approved and not overdue: what time alone decides. */
  #approved(): Version[] {
    const waits = ({ approvals, paused, soaked, extended }: Attempt) =>
      approvals.size === 4 && !paused && soaked < 14 * 24 + extended;
    return this.#staging().filter(({ attempts }) => attempts.slice(-1).some(waits));
  }

  #promotable(): Version[] {
    return this.#staging().filter(({ attempts }) => attempts.slice(-1).some((attempt) => this.model.isReady(attempt)));
  }

  #repinnable(): Version[] {
    return this.#staging().filter(({ attempts }) => attempts.at(-1)?.policy !== this.model.policy);
  }

  #staging(): Version[] {
    return this.#versions.filter(({ stage }) => stage === 'staging');
  }

  #named(email: string | undefined): Person | undefined {
    return this.people.find((person) => person.email === email);
  }

  #of(group: string): Person {
    return this.#pick(this.people.filter((person) => person.group === group));
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)] as T;
  }
}

function barredFrom({ registeredBy, attempts }: Version): string[] {
  return [registeredBy, ...attempts.map(({ by }) => by)];
}
