import { type Cutter, openCutter } from '../cutter.ts';
import { findMysqlHome, type MysqlServer, startMariadb, startOracleMysql } from '../mysqlServers.ts';
import { type ProxyName, type RunningProxy, startProxy } from '../proxies/proxies.ts';
import { startRedis } from '../redisServer.ts';
import { type ServerProcess, startServerProcess, temporaryDatabase } from '../serverProcess.ts';
import { type Engine, startEngine } from './engine.ts';

export type DatabaseName = 'sqlite' | 'mariadb' | 'mysql';

/** One server process, behind a cable that a fault can cut. */
export type Node = {
  cable: Cutter;
  /** Ends the process with this signal and starts it again on the same port. */
  restart: (signal: 'SIGKILL' | 'SIGTERM') => Promise<void>;
};

export type Stage = AsyncDisposable & {
  databaseUrl: string;
  nodes: Node[];
  /** The addresses that people use: the proxy's, or those of all cables. */
  addresses: string[];
  /** One address for all servers: the proxy's, or that of a cable that leads to each of them in turn. */
  address: string;
  engine: Engine;
  /** Undefined if people reach the servers directly. */
  proxy: RunningProxy | undefined;
  /** Undefined for SQLite, because it has no process of its own. */
  database: MysqlServer | undefined;
  /** Undefined for a single server, because it needs no bus. */
  bus: Awaited<ReturnType<typeof startRedis>> | undefined;
};

const SECRET = 'a secret of at least 32 characters, for the fault suite';

export type Setting = {
  database: DatabaseName;
  servers: number;
  /** A proxy before all servers. Without it people reach each server through its cable. */
  proxy?: ProxyName | undefined;
};

/** Starts real servers on a real database and a real bus, all on this machine. */
export async function setStage({ database: name, servers, proxy: proxyName }: Setting): Promise<Stage> {
  const stack = new AsyncDisposableStack();
  const database = name === 'sqlite' ? undefined : stack.use(await startDatabase(name));
  const file = temporaryDatabase();
  stack.defer(async () => file.remove());
  const databaseUrl = database ? await database.database() : file.url;
  const bus = servers > 1 ? stack.use(await startRedis()) : undefined;
  const engine = stack.use(await startEngine());
  const env = {
    ...{ ...engine.env, DATABASE_URL: databaseUrl, AUTH_SECRET: SECRET, LOG_LEVEL: 'silent' },
    // A server that must stop while its engine is away takes three quarters of this time. A busy machine needs the rest.
    DRAIN_SECONDS: '15',
    ...(bus && { REDIS_URL: bus.url }),
  };
  const nodes: Node[] = [];
  for (let i = 0; i < servers; i += 1) nodes.push(await startNode(env, stack));
  const cables = nodes.map(({ cable }) => cable.url);
  const proxy = proxyName && stack.use(await startProxy(proxyName, cables));
  const addresses = proxy ? [proxy.url] : cables;
  const address = proxy?.url ?? stack.use(await openCutter(...cables)).url;
  return {
    databaseUrl,
    nodes,
    addresses,
    address,
    engine,
    proxy,
    database,
    bus,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function startDatabase(name: 'mariadb' | 'mysql'): Promise<MysqlServer> {
  if (name === 'mariadb') return startMariadb();
  const home = findMysqlHome();
  if (!home)
    throw new Error('Oracle’s MySQL was not found. Set MYSQL_HOME to the directory where it is unpacked.');
  return startOracleMysql(home);
}

async function startNode(env: NodeJS.ProcessEnv, stack: AsyncDisposableStack): Promise<Node> {
  let server: ServerProcess = await startServerProcess(env);
  const port = String(server.port);
  stack.defer(async () => void (await server.stop('SIGKILL')));
  const cable = stack.use(await openCutter(server.url));
  return {
    cable,
    async restart(signal) {
      const code = await server.stop(signal);
      if (signal === 'SIGTERM' && code !== 0)
        throw new Error(`A server that got SIGTERM ended with code ${code}, not with 0.`);
      server = await startServerProcess({ ...env, PORT: port });
    },
  };
}
