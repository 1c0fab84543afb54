import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newPassphrase, passphraseFrom, type AskingOn } from '../../client/passphrase.js';

let dir: string;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'gatehouse-passphrase-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A terminal at which somebody types, and what it showed. */
function terminal(isTTY: boolean, ...typed: string[]): { on: AskingOn; shown: () => string } {
  const [input, output] = [new PassThrough(), new PassThrough()];
  let shown = '';
  output.on('data', (text: Buffer) => {
    shown += text.toString();
    // Types once it is asked, as people do.
    if (text.toString().endsWith(': ')) setImmediate(() => input.write(typed.shift() ?? '\u0004'));
  });
  return { on: { input: Object.assign(input, { isTTY }), output: Object.assign(output, { isTTY }) }, shown: () => shown };
}

const file = (text: string, mode = 0o600): string => {
  const path = join(dir, 'passphrase');
  writeFileSync(path, text, { mode });
  return path;
};

describe('a passphrase', () => {
  it('is asked for on the terminal, which shows the question and nothing of the answer', async () => {
    const { on, shown } = terminal(true, 'four words are plenty\r');
    expect(await passphraseFrom({}, on)('/keys/dana.jwk.json')).toBe('four words are plenty');
    expect(shown()).toBe('Passphrase of dana.jwk.json: \n');
  });

  it('is the first line of a file that only its owner can read, also at a terminal', async () => {
    const { on, shown } = terminal(true);
    expect(await passphraseFrom({ passphraseFile: file('four words are plenty\n') }, on)('k')).toBe('four words are plenty');
    expect(shown()).toBe('');
    rmSync(join(dir, 'passphrase'));
    await expect(passphraseFrom({ passphraseFile: file('x', 0o644) }, on)('k')).rejects.toMatchObject({
      refusal: { kind: 'identity', what: expect.stringMatching(/passphrase file .* is open to other users/) as string },
    });
    await expect(passphraseFrom({ passphraseFile: join(dir, 'none') }, on)('k')).rejects.toMatchObject({
      refusal: { what: expect.stringMatching(/there is no passphrase file/) as string },
    });
  });

  it('is asked for nowhere else', async () => {
    const { on, shown } = terminal(false);
    expect(await passphraseFrom({}, on)('k')).toBeUndefined();
    await expect(newPassphrase({}, on)).rejects.toMatchObject({
      refusal: { kind: 'usage', what: 'a new key needs a passphrase' },
    });
    expect(shown()).toBe('');
  });

  it('of a new key is typed twice alike, and is not short', async () => {
    expect(await newPassphrase({}, terminal(true, 'four words are plenty\r', 'four words are plenty\r').on)).toBe(
      'four words are plenty',
    );
    await expect(newPassphrase({}, terminal(true, 'four words are plenty\r', 'five\r').on)).rejects.toMatchObject({
      refusal: { what: 'the two passphrases differ' },
    });
    await expect(newPassphrase({ passphraseFile: file('short') })).rejects.toMatchObject({
      refusal: { what: 'passphrase', given: '5 characters' },
    });
  });

  it('that nobody gives is no passphrase', async () => {
    for (const left of ['\u0003', '\u0004'])
      await expect(passphraseFrom({}, terminal(true, left).on)('k')).rejects.toMatchObject({ refusal: { kind: 'identity' } });
  });
});
