import { connect, createServer, type AddressInfo } from 'node:net';

/** The address every part of the embedded stack listens on; nothing of it can be reached from another machine. */
export const HOST = '127.0.0.1';

const MOST_TRIES = 5;

/** The wanted port where nothing else has it, else a free one, and then says so. */
export async function choosePort(wanted: number | undefined, what: string, say: (line: string) => void): Promise<number> {
  if (wanted !== undefined && (await isFree(wanted))) return wanted;
  const port = await listenOn(0);
  if (port === undefined) throw new Error(`there is no free port for ${what}`);
  if (wanted !== undefined) say(`port ${wanted} is taken; ${what} listens on ${port}`);
  return port;
}

/**
 * Starts something on the ports it wants where they are free, else on others; and again on others when a port was taken
 * between the look at it and the start. `start` gets the ports in the order of `wanted`.
 */
export async function startOnPorts(
  wanted: Readonly<Record<string, number | undefined>>,
  say: (line: string) => void,
  start: (...ports: number[]) => Promise<void>,
): Promise<number[]> {
  for (let tries = 1; ; tries += 1) {
    const ports: number[] = [];
    for (const [what, port] of Object.entries(wanted)) ports.push(await choosePort(port, what, say));
    try {
      await start(...ports);
      return ports;
    } catch (error) {
      const free = await Promise.all(ports.map(isFree));
      if (tries === MOST_TRIES || !free.includes(false)) throw error;
    }
  }
}

/** Some systems let a second program listen beside one that listens on all addresses, so listening alone proves nothing. */
async function isFree(port: number): Promise<boolean> {
  const answered = await new Promise<boolean>((done) => {
    const socket = connect({ port, host: HOST, timeout: 500 }, () => done(true));
    socket.on('error', () => done(false)).on('timeout', () => done(true));
    socket.on('connect', () => socket.destroy()).on('timeout', () => socket.destroy());
  });
  return !answered && (await listenOn(port)) !== undefined;
}

function listenOn(port: number): Promise<number | undefined> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(undefined));
    server.listen({ port, host: HOST, exclusive: true }, () => {
      const { port: taken } = server.address() as AddressInfo;
      server.close(() => done(taken));
    });
  });
}
