import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type Cutter = AsyncDisposable & {
  /** Where clients reach the server through it. */
  url: string;
  /** Loses every connection that is open, in the middle of whatever it carries. */
  cut: () => void;
  /** As `cut`, and takes no new connection until the answer is called. */
  hold: () => () => void;
  /** How many connections there were so far. */
  connections: () => number;
};

/** A cable between clients and a server, to be cut. */
export async function openCutter(serverUrl: string): Promise<Cutter> {
  const target = Number(new URL(serverUrl).port);
  const open = new Set<Socket>();
  let connections = 0;
  let held = false;
  const join = (from: Socket, to: Socket) => {
    open.add(from);
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => {
      open.delete(from);
      to.destroy();
    });
  };
  const server = createServer((client) => {
    if (held) return void client.destroy();
    connections += 1;
    const upstream = connect(target, '127.0.0.1');
    join(client, upstream);
    join(upstream, client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    cut,
    hold() {
      held = true;
      cut();
      return () => {
        held = false;
      };
    },
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}
