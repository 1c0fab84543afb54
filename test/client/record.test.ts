import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Refused } from '../../client/output.js';
import { findModel, findVersion, openRecord, recordAway } from '../../client/record.js';
import { first, makeWorld, type World } from '../support/world.js';
import { MODEL } from '../support/stack.js';

let world: World;
beforeAll(async () => {
  world = await makeWorld();
  await world.register('1.2.0', await first(world.db, 'mlops'));
});
afterAll(() => world.close());

const refusalOf = async (work: Promise<unknown>) => {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  if (error instanceof Refused) return error.refusal;
  throw new Error(`not refused: ${String(error)}`);
};

describe('finding a version', () => {
  it('answers where it is and its newest attempt', async () => {
    const named = { model: MODEL, version: '1.2.0' };
    expect(await findVersion(world.db.reader, named)).toEqual({ ...named, status: 'registered', attempt: null });
    await world.act('request', await first(world.db, 'mlops'), { ...named, from_stage: 'registered', to_stage: 'staging' });
    const attempt = { id: `${MODEL}/1.2.0/1`, state: 'validating' };
    expect(await findVersion(world.db.reader, named)).toEqual({ ...named, status: 'validating', attempt });
  });

  it('lists what is known when the model or the version is not', async () => {
    const model = await refusalOf(findVersion(world.db.reader, { model: 'alzheimer', version: '1.2.0' }));
    expect(model).toMatchObject({ kind: 'usage', what: 'model "alzheimer" is not registered', allowed: `known: ${MODEL}` });
    const version = await refusalOf(findVersion(world.db.reader, { model: MODEL, version: '9.9.9' }));
    expect(version).toMatchObject({ kind: 'usage', allowed: 'known versions: 1.2.0' });
    expect(await refusalOf(findModel(world.db.reader, 'x'))).toMatchObject({ kind: 'usage', allowed: `known: ${MODEL}` });
    await expect(findModel(world.db.reader, MODEL)).resolves.toBeUndefined();
  });
});

describe('a record that is away', () => {
  const away = (change: (url: URL) => void) => {
    const url = new URL(world.db.readUrl);
    change(url);
    return refusalOf(openRecord({ readUrl: url.href }));
  };

  it('is named with its address and never with its password, within 10 s', async () => {
    const started = Date.now();
    const refusal = await away((url) => {
      url.port = '1';
      url.password = 'canary';
    });
    expect(refusal).toMatchObject({
      kind: 'away',
      what: expect.stringMatching(/^PostgreSQL on 127\.0\.0\.1:1\/t_\w+ does not answer: .*ECONNREFUSED/) as string,
    });
    expect(JSON.stringify(refusal)).not.toContain('canary');
    expect(Date.now() - started).toBeLessThan(10_000);
  });

  it.each([
    ['a wrong password', (url: URL) => (url.password = 'x'), /refuses this login/],
    ['a database that is not there', (url: URL) => (url.pathname = '/nowhere'), /has no such database/],
    [
      'a database without the record',
      (url: URL) => (url.pathname = '/postgres'),
      /has no record of this release; gatehouse migrate/,
    ],
  ])('says so for %s', async (_, change, expected) => {
    expect(await away(change)).toMatchObject({ kind: 'away', what: expect.stringMatching(expected) as string });
  });

  it('takes a missing right for a matter of identity', () => {
    const refusal = recordAway(
      'postgres://u:canary@db/x',
      { code: '42501', message: 'permission denied', severity: 'ERROR' },
      'GATEHOUSE_OWNER_URL',
    );
    expect(refusal).toMatchObject({
      kind: 'identity',
      what: 'PostgreSQL on db:5432/x: the login of GATEHOUSE_OWNER_URL may not do this',
    });
  });
});
