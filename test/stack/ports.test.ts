import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { choosePort, HOST, startOnPorts } from '../../dev/ports.js';

describe('a port', () => {
  it('that is taken between the look at it and the start is left to whoever took it', async () => {
    const said: string[] = [];
    const tried: number[] = [];
    const other = createServer();
    const wanted = await choosePort(undefined, 'PostgreSQL', () => undefined);
    const ports = await startOnPorts(
      { PostgreSQL: wanted },
      (line) => said.push(line),
      async (port = 0) => {
        tried.push(port);
        if (tried.length > 1) return;
        await new Promise<void>((done) => other.listen(port, HOST, done));
        throw new Error('address already in use');
      },
    );
    expect(tried).toHaveLength(2);
    expect(ports).toEqual([tried[1]]);
    expect(said).toEqual([`port ${wanted} is taken; PostgreSQL listens on ${tried[1]}`]);
    await new Promise((done) => other.close(done));
    const failing = startOnPorts(
      { PostgreSQL: wanted },
      () => undefined,
      () => Promise.reject(new Error('damaged data')),
    );
    await expect(failing).rejects.toThrow('damaged data');
  });

  it('is the wanted one where it is free, else another, which is said', async () => {
    const server = createServer().listen(0, HOST);
    await new Promise((done) => server.once('listening', done));
    const { port } = server.address() as AddressInfo;
    const said: string[] = [];
    const other = await choosePort(port, 'PostgreSQL', (line) => said.push(line));
    expect(other).not.toBe(port);
    expect(said).toEqual([`port ${port} is taken; PostgreSQL listens on ${other}`]);
    await new Promise((done) => server.close(done));
    expect(await choosePort(port, 'PostgreSQL', (line) => said.push(line))).toBe(port);
    expect(said).toHaveLength(1);
  });
});
