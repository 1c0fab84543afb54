import { spawn, type ChildProcess } from 'node:child_process';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { entry } from '../../platform/entry.js';
import { root, type Ran } from './stack.js';

/** The command line at work: what it has printed so far, and how it ends. */
export interface Running {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<Ran>;
}

/** Starts `gatehouse …` from its sources, reading the record at `readUrl`; no Temporal is needed to read. */
export function startReading(readUrl: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const { command, args } = entry('cli');
  return started(command, [...args, ...words], { ...readingEnv(readUrl), ...env });
}

/** Runs `gatehouse …` to its end. */
export async function read(readUrl: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  return await startReading(readUrl, words, env).ended;
}

/** A terminal of a size: what is written to stdin as `size ROWS COLS` resizes it, `keys …` types hexadecimal bytes. */
const PTY = `
import fcntl, os, pty, select, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[3], sys.argv[3:])
def size(rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', int(rows), int(columns), 0, 0))
size(sys.argv[1], sys.argv[2])
while True:
    ready, _, _ = select.select([fd, 0], [], [])
    if fd in ready:
        try:
            data = os.read(fd, 65536)
        except OSError:
            data = b''
        if not data:
            break
        os.write(1, data)
    if 0 in ready:
        for line in os.read(0, 4096).decode().splitlines():
            word, *rest = line.split()
            size(*rest) if word == 'size' else os.write(fd, bytes.fromhex(rest[0]))
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
`;

/** The same in a terminal; needs python3. */
export function startInTerminal(
  readUrl: string,
  words: readonly string[],
  { rows, columns, env = {} }: { rows: number; columns: number; env?: NodeJS.ProcessEnv },
): Running {
  const { command, args } = entry('cli');
  const all = ['-c', PTY, String(rows), String(columns), command, ...args, ...words];
  return started('python3', all, { ...readingEnv(readUrl), TERM: 'xterm-256color', ...env });
}

function readingEnv(readUrl: string): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return { PATH, HOME, GATEHOUSE_READ_URL: readUrl, TEMPORAL_ADDRESS: 'localhost:1', GATEHOUSE_DATA_DIR: tmpdir() };
}

function started(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Running {
  const child = spawn(command, args, { env, cwd: root, stdio: 'pipe' });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const ended = new Promise<Ran>((done, fail) => {
    child.once('error', fail).once('close', (code) => done({ code: code ?? -1, stdout, stderr }));
  });
  return { child, stdout: () => stdout, stderr: () => stderr, ended };
}

/** A way to the record that can be cut and mended. */
export interface Line {
  readonly readUrl: string;
  /** How many connections are open on it. */
  readonly open: () => number;
  cut(): Promise<void>;
  mend(): Promise<void>;
}

/** A line to a PostgreSQL server, under an address of its own. */
export async function lineTo(url: string): Promise<Line> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const serve = (port: number): Promise<Server> =>
    new Promise((done, fail) => {
      const server = createServer((near) => {
        const far = connect(Number(target.port), target.hostname);
        for (const [one, other] of [
          [near, far],
          [far, near],
        ] as const) {
          one.pipe(other);
          one.on('error', () => other.destroy()).on('close', () => other.destroy());
        }
        sockets.add(near);
        near.on('close', () => sockets.delete(near));
      });
      server.once('error', fail).listen(port, '127.0.0.1', () => done(server));
    });
  let server = await serve(0);
  const { port } = server.address() as AddressInfo;
  const own = new URL(url);
  own.hostname = '127.0.0.1';
  own.port = String(port);
  return {
    readUrl: own.href,
    open: () => sockets.size,
    async cut() {
      const closed = new Promise<void>((done) => void server.close(() => done()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    async mend() {
      server = await serve(port);
    },
  };
}
