import type { Attempt, GlassSignature, Skip } from './attempt.js';
import { isHealthyNow } from './soak.js';

/** A wait that two people can skip: the rest of the soak minimum, or a freeze. */
export type Wait = 'soak' | 'freeze';

const SKIPS: readonly Skip[] = ['soak', 'freeze', 'both'];

/** What two people have signed together. */
export interface BreakGlass {
  readonly skip: Skip;
  readonly by: readonly [GlassSignature, GlassSignature];
}

/** How long one signature waits for the second. */
export const SECOND_WITHIN_MS = 24 * 60 * 60_000;

type Signed = Pick<Attempt, 'breakGlass' | 'round' | 'barred' | 'now'>;

/** What the signatures of this round add up to: pairs of two people within a day, neither of whom asked for or registered the version. */
export function foldBreakGlass(attempt: Signed): { broken: BreakGlass[]; proposed: GlassSignature[] } {
  const broken: BreakGlass[] = [];
  const proposed: GlassSignature[] = [];
  for (const skip of SKIPS) {
    let first: GlassSignature | undefined;
    for (const each of counting(attempt, skip)) {
      const isFirst = !first || each.at - first.at > SECOND_WITHIN_MS;
      if (isFirst) first = each;
      else if (first && each.person !== first.person) {
        broken.push({ skip, by: [first, each] });
        first = undefined;
        break;
      }
    }
    if (first && attempt.now - first.at <= SECOND_WITHIN_MS) proposed.push(first);
  }
  return { broken, proposed };
}

function counting({ breakGlass, round, barred }: Signed, skip: Skip): GlassSignature[] {
  return breakGlass.filter((each) => each.skip === skip && each.round === round && each.stands && !barred.includes(each.person));
}

/** The break-glass that skips a wait, as long as staging is healthy: it skips a wait, never the health of what has waited. */
export function skipping(attempt: Attempt, wait: Wait): BreakGlass | undefined {
  const { soak, now, policy } = attempt;
  return soak && isHealthyNow(soak, now, policy) ? signedFor(attempt, wait) : undefined;
}

/** The break-glass that is signed for a wait, whether or not staging is healthy. */
export function signedFor(attempt: Signed, wait: Wait): BreakGlass | undefined {
  return foldBreakGlass(attempt).broken.find(({ skip }) => skip === wait || skip === 'both');
}

/** A break-glass in words. */
export function brokenText({ by: [first, second] }: BreakGlass): string {
  return `break-glass by ${first.person} (${first.reason}) and ${second.person} (${second.reason})`;
}

/** What is skipped and by whom, in words. */
export function glassText(broken: BreakGlass): string {
  return `${skipText(broken.skip)}: ${brokenText(broken)}`;
}

/** A first signature in words, as what waits for a second one. */
export function proposedText({ skip, person, at }: GlassSignature): string {
  const until = new Date(at + SECOND_WITHIN_MS).toISOString();
  return `a second person for the break-glass of ${skipText(skip)} (proposed by ${person}, until ${until})`;
}

/** What is skipped, in words. */
export function skipText(skip: Skip): string {
  return { soak: 'the soak', freeze: 'the freeze', both: 'soak and freeze' }[skip];
}
