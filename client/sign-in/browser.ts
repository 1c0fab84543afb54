import { spawn } from 'node:child_process';
import type { Env } from '../../platform/config.js';

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** Whether somebody can sign in from here: at a terminal, or where it is said what to do without one. */
export function canSignIn(env: Env = process.env, out: Pick<NodeJS.WriteStream, 'isTTY'> = process.stderr): boolean {
  return out.isTTY || Boolean(env['GATEHOUSE_BROWSER']);
}

/** Opens an address in a browser, the one of `GATEHOUSE_BROWSER` where it names one; where there is none, nothing happens. */
export function openBrowser(url: URL, env: Env = process.env): void {
  const named = env['GATEHOUSE_BROWSER'];
  const hasScreen = process.platform !== 'linux' || env['DISPLAY'] || env['WAYLAND_DISPLAY'];
  if (named === 'none' || (!named && !hasScreen)) return;
  const [command = '', ...args] = named ? [named] : (OPENERS[process.platform] ?? ['xdg-open']);
  const browser = spawn(command, [...args, url.href], { stdio: 'ignore', detached: true });
  // The address is printed as well.
  browser.on('error', () => undefined);
  browser.unref();
}
