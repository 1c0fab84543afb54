import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../platform/digest.js';
import { readBundle, type Bundle } from '../../platform/read/bundle.js';
import { detailOf, edited, verifyAlone, written, type Detail } from '../support/bundle.js';
import { keptText } from '../support/checkpoint.js';
import { seeded } from '../support/seeded.js';
import { MODEL } from '../support/stack.js';
import { AT, makeWorld, type World } from '../support/world.js';
import { liveWholly } from './whole-life.js';

/** How many single bytes are changed; CHANGES says how many instead. */
const CHANGES = Number(process.env['CHANGES'] ?? 100);

let world: World;
beforeAll(async () => {
  world = await makeWorld();
  await liveWholly(world, () => Promise.resolve());
}, 240_000);
afterAll(async () => {
  await world?.close();
});

const bundleOf = (attempt: string): Promise<Bundle> => readBundle(world.db.reader, world.deps.store, `${MODEL}/${attempt}`);
/** Text with one character changed for another of its kind. */
function changed(text: string, at: number): string {
  const before = text[at] ?? '';
  const after = /[0-9a-f]/.test(before) ? (before === '0' ? '1' : '0') : before === 'x' ? 'y' : 'x';
  return text.slice(0, at) + after + text.slice(at + 1);
}

const PROMOTED = '1.4.0/3';

describe('an exported promotion', () => {
  it.each([
    ['1.2.0/1', /4 gates approved by dana.*olga.*bea.*sara.*none of whom/],
    [PROMOTED, /in production since .*, in place of 1\.2\.0/],
    ['1.4.0/1', /NOT PROMOTED: .* is rejected/],
    ['1.4.0/2', /NOT PROMOTED: .* is expired/],
    ['1.1.0/1', /NOT PROMOTED: .* is rejected/],
  ])('%s is verified alone, within two seconds', async (attempt, said) => {
    const started = performance.now();
    const ran = await verifyAlone(written(await bundleOf(attempt)));
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toMatch(said);
    expect(ran.stdout).not.toMatch(/^(?!ok {4}|$)/m);
  });

  it('has the same bytes each time, and nothing of other promotions', async () => {
    const [one, other] = [written(await bundleOf(PROMOTED)), written(await bundleOf(PROMOTED))];
    expect(one).toBe(other);
    const { events } = await bundleOf(PROMOTED);
    const subjects = events.map(({ body }) => (JSON.parse(body) as { subject: string }).subject);
    const own = [`${MODEL}/${PROMOTED}`, `${MODEL}/1.4.0`, 'policy/_defaults', `policy/${MODEL}`];
    expect(subjects.filter((subject) => !own.includes(subject) && !subject.startsWith('person/'))).toEqual([]);
    expect(one).not.toMatch(/"(promotion|subject)\\?":\\?"[a-z_]+\/1\.(2\.0|4\.0)\/[12]\\?"/);
    expect(subjects.filter((subject) => subject.startsWith('person/')).sort()).toEqual(
      ['alice.admin', 'bea.business', 'dana.datascience', 'marco.mlops', 'olga.devops', 'sara.security'].map(
        (name) => `person/${name}${AT}`,
      ),
    );
  });

  it('is found changed in any byte', async () => {
    const text = written(await bundleOf(PROMOTED));
    const random = seeded(20261128);
    for (let i = 0; i < CHANGES; i += 1) {
      const at = Math.floor(random() * text.length);
      expect(await verifyAlone(changed(text, at)), `byte ${at}`).toMatchObject({ code: 1, stderr: '' });
    }
    for (const other of [text.slice(0, -1), `${text}\n`, ` ${text}`, text.replace('{', '{ '), '', 'null', '{}'])
      expect(await verifyAlone(other)).toMatchObject({ code: 1, stderr: '' });
  });

  it('is found changed in any text it holds, also when its own digest was made again', async () => {
    const bundle = await bundleOf(PROMOTED);
    const random = seeded(11);
    const nudged = (text: string) => changed(text, Math.floor(random() * text.length));
    const made: [string, Bundle][] = [
      ...bundle.events.flatMap((event, i): [string, Bundle][] =>
        (['previous', 'body', 'hash'] as const).map((field) => {
          const events = bundle.events.with(i, { ...event, [field]: nudged(event[field]) });
          return [`event ${i} ${field}`, { ...bundle, events }];
        }),
      ),
      ...bundle.envelopes.map((jws, i): [string, Bundle] => [
        `act ${i}`,
        { ...bundle, envelopes: bundle.envelopes.with(i, nudged(jws)) },
      ]),
      ...Object.entries(bundle.contents).flatMap(([digest, text]): [string, Bundle][] => [
        [`content of ${digest}`, { ...bundle, contents: { ...bundle.contents, [digest]: nudged(text) } }],
        [`made up ${digest}`, { ...bundle, contents: { ...bundle.contents, [sha256(nudged(text))]: nudged(text) } }],
      ]),
      ...bundle.envelopes.map((_, i): [string, Bundle] => [
        `without act ${i}`,
        { ...bundle, envelopes: bundle.envelopes.toSpliced(i, 1) },
      ]),
      ['another promotion', { ...bundle, promotion: `${MODEL}/1.4.0/2` }],
      ['another form', { ...bundle, form: 'gatehouse-bundle/v2' }],
      ['events in another order', { ...bundle, events: bundle.events.toReversed() }],
      ['acts in another order', { ...bundle, envelopes: bundle.envelopes.toReversed() }],
    ];
    for (const [what, other] of made) expect(await verifyAlone(written(other)), what).toMatchObject({ code: 1, stderr: '' });
  });

  it('cannot be passed off with an approval less, by one person twice, or over other evidence', async () => {
    const bundle = await bundleOf(PROMOTED);
    const change = (edit: (detail: Detail) => unknown): Bundle => edited(bundle, 'production.changed', edit);
    const [one, two] = (detailOf(bundle, 'production.changed')['approvals'] as { gate: string }[]) ?? [];
    const forged: readonly [string, Bundle, RegExp][] = [
      ['less', change((detail) => (detail['approvals'] as unknown[]).pop()), /there is no approval at security/],
      [
        'twice',
        change((detail) => (detail['approvals'] = Array(4).fill(one))),
        /there is no approval at devops, business, security/,
      ],
      ['other gate', change((detail) => (detail['approvals'] = [{ ...one, gate: two?.gate }])), /not over this evidence/],
      ['evidence', change((detail) => (detail['evidence'] = 'a'.repeat(64))), /not over this evidence/],
      ['policy', change((detail) => (detail['policy'] = 'a'.repeat(64))), /not over this evidence/],
      ['version', change((detail) => (detail['to'] = '1.2.0')), /not over this evidence/],
      ['record', change((detail) => (detail['record'] = 'a'.repeat(64))), /content .* is not one that an event or act names/],
      [
        'artifact',
        edited(bundle, 'version.registered', (detail) => (detail['artifactDigest'] = 'a'.repeat(64))),
        /not over this evidence/,
      ],
      [
        'group',
        edited(bundle, 'person.enrolled', (detail) => (detail['groups'] = ['mlops']), `person/sara.security${AT}`),
        /sara.*did not or could not approve security/,
      ],
      [
        'comment',
        edited(bundle, 'decision.approved', (detail) => (detail['comment'] = 'as I was told')),
        /is not what olga.* signed/,
      ],
    ];
    for (const [what, other, why] of forged) {
      const ran = await verifyAlone(written(other));
      expect(ran, what).toMatchObject({ code: 1, stdout: expect.stringMatching(why) as string });
    }
  });

  it('is on the trail that a kept checkpoint speaks for, and a made-up person is not', async () => {
    const kept = await keptText(world, `alice.admin${AT}`);
    const bundle = await bundleOf(PROMOTED);
    const ran = await verifyAlone(written(bundle), kept);
    expect(ran).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/(\d+) of \1 events .* that alice.* signed for/) as string,
    });
    const renamed = edited(bundle, 'version.registered', (detail) => (detail['to'] = 'elsewhere'));
    expect(await verifyAlone(written(renamed))).toMatchObject({ code: 0 });
    const told = await verifyAlone(written(renamed), kept);
    expect(told).toMatchObject({ code: 1, stdout: expect.stringMatching(/event \d+ is not the one that alice/) as string });
  });
});
