import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type Cutter = AsyncDisposable & {
  /** Clients use this address to reach the server through the cable. */
  url: string;
  /** Breaks every open connection, also in the middle of a message. */
  cut: () => void;
  /** Cuts the cable and refuses new connections. @returns a function that accepts connections again. */
  hold: () => () => void;
  /** New connections go to this server. The open ones stay with the server that they have. */
  lead: (serverUrl: string) => void;
  /** How many connections were opened so far. */
  connections: () => number;
};

/**
 * Puts a cable between clients and a server: a TCP proxy whose connections a test can break. With several servers, the
 * connections go to each of them in turn.
 */
export async function openCutter(...serverUrls: string[]): Promise<Cutter> {
  const portOf = (url: string) => Number(new URL(url).port);
  let ports = serverUrls.map(portOf);
  const open = new Set<Socket>();
  let connections = 0;
  let held = false;
  const server = createServer((client) => {
    if (held) return void client.destroy();
    connections += 1;
    const upstream = connect(ports[connections % ports.length] as number, '127.0.0.1');
    forward(client, upstream, open);
    forward(upstream, client, open);
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
    lead(otherUrl) {
      ports = [portOf(otherUrl)];
    },
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}

/** Passes on everything that comes from one socket, and closes the other socket with it. */
function forward(from: Socket, to: Socket, open: Set<Socket>): void {
  open.add(from);
  from.pipe(to);
  from.on('error', () => to.destroy());
  from.on('close', () => {
    open.delete(from);
    to.destroy();
  });
}
