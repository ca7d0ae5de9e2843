import type { HttpBindings } from '@hono/node-server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { cors } from 'hono/cors';
import { AppError } from '../../contract/errors.ts';
import { LIMITS } from '../../contract/limits.ts';
import { personOf } from '../flow/tally.ts';
import type { Log } from '../log.ts';
import type { Health } from '../ops/health.ts';
import type { Metrics } from '../ops/metrics.ts';
import type { Services } from '../services.ts';
import { reportTo } from '../trpc/reportError.ts';
import type { AppRouter } from '../trpc/router.ts';
import { rethrowAsTRPCError } from '../trpc/trpc.ts';
import type { Arrival, ReadArrival } from './arrival.ts';
import { bodyBytes, boundBodies } from './boundBodies.ts';
import { createClientFiles } from './clientFiles.ts';
import { type CheckHost, refuseForeignHosts } from './hostRule.ts';
import { refuseRoute } from './methods.ts';
import { isMetricsReader } from './metricsReader.ts';
import { neverCached } from './neverCached.ts';
import { type OriginRule, refuseForeignOrigins } from './origin.ts';
import { asAppError, challenge, problem } from './problem.ts';
import { asJson, checkCall, refuseCall } from './refuseTrpcCall.ts';
import { createRest } from './rest.ts';
import { securityHeaders } from './securityHeaders.ts';
import { sessionCookie, tokenOf } from './session.ts';
import { answerTo, oneAtATime } from './unreadAnswers.ts';

export type AppParts = {
  services: Services;
  health: Health;
  metrics: Metrics;
  router: AppRouter;
  originRule: OriginRule;
  readArrival: ReadArrival;
  checkHost: CheckHost;
  /** Whether browsers must use https for every subdomain too. */
  hstsSubdomains?: boolean | undefined;
  /** Lets a caller who is not on this machine read `/metrics`. */
  metricsToken?: string | undefined;
  clientDirectory: string;
  /** Waits for a person's turn on the main thread. One request can hold a hundred calls. */
  takeTurn: (person: string) => Promise<void>;
  log: Log;
};

type Env = { Bindings: HttpBindings; Variables: { arrival: Arrival } };

/** The app for plain HTTP: health, metrics, tRPC, REST, and the client's files. */
export function createApp(parts: AppParts): Hono<Env> {
  const { services, originRule, readArrival, clientDirectory, log } = parts;
  const app = new Hono<Env>();
  app.onError((thrown, c) => {
    const error = asAppError(thrown);
    if (error.code === 'INTERNAL_SERVER_ERROR')
      log.error({ err: thrown, path: c.req.path }, 'request failed');
    return c.req.path.startsWith('/trpc/') ? refuseCall(c, error) : problem(c, error);
  });
  app.notFound((c) => refuseRoute(app, c));
  app.use(oneAtATime());
  app.use(async (c, next) => {
    c.set('arrival', readArrival(c.env.incoming));
    await next();
  });
  app.use(securityHeaders(parts));
  app.use(neverCached());
  app.use(challenge());
  app.route('/', createProbes(parts.health));
  app.use(refuseForeignHosts(parts.checkHost));
  app.get('/metrics', async (c) => {
    if (!isMetricsReader(c.env.incoming, parts.metricsToken)) throw noMetrics();
    const { contentType, body } = await parts.metrics.render();
    return c.body(body, 200, { 'content-type': contentType });
  });
  app.use(cors({ origin: (origin) => (originRule.isNamed(origin) ? origin : null), credentials: true }));
  app.use(refuseForeignOrigins(originRule));
  // Such a path would read as the address of another host.
  app.use(async (c, next) => (c.req.path.startsWith('//') ? c.notFound() : next()));
  app.use(boundBodies(services.identity));
  app.use((c, next) => (bodyBytes(c.env.incoming.headers) === 0 ? next() : limitBody(c, next)));
  app.use('/trpc/*', async (c) => {
    checkCall(c);
    return asJson(await answerTrpc(c, parts));
  });
  app.route('/api', createRest(services, log));
  app.all('/api/*', (c) => c.notFound());
  app.route('/', createClientFiles(clientDirectory));
  return app;
}

const limitBody = bodyLimit({
  maxSize: LIMITS.bodyBytes,
  onError: (c) => {
    // The rest of the body is not read, so this connection cannot carry another request.
    c.header('connection', 'close');
    throw tooLarge();
  },
});

/** The paths for load balancers. They come before every check, so that a probe needs nothing. */
function createProbes(health: Health): Hono {
  return new Hono()
    .get('/healthz', (c) => c.json({ status: 'ok' }))
    .get('/readyz', async (c) => {
      const readiness = await health.readiness();
      return c.json(readiness, readiness.status === 'unready' ? 503 : 200);
    });
}

function noMetrics(): AppError {
  return new AppError(
    'UNAUTHORIZED',
    'no_metrics_token',
    'Metrics are for this machine, or for a bearer token that the operator sets as METRICS_TOKEN.',
  );
}

function answerTrpc(c: Context<Env>, { services, router, log, takeTurn }: AppParts): Promise<Response> {
  return fetchRequestHandler({
    endpoint: '/trpc',
    req: c.req.raw,
    router,
    createContext: async ({ req, resHeaders, info }) => {
      // A browser's EventSource sends no headers. So stock clients put the token into the address.
      const token = info.connectionParams?.token ?? tokenOf(Object.fromEntries(req.headers));
      try {
        const user = await services.identity.identify(token);
        const { address } = c.var.arrival;
        const caller = { userId: user?.id ?? null, address };
        return {
          ...{ user, address, work: services.work, takeTurn: () => takeTurn(personOf(caller)) },
          ...(info.type !== 'subscription' && { answer: answerTo(services.work, caller, c.env.outgoing) }),
          keepSession: (token) => resHeaders.append('set-cookie', sessionCookie(token, c.var.arrival.secure)),
        };
      } catch (error) {
        return rethrowAsTRPCError(error);
      }
    },
    onError: reportTo(log),
  });
}

function tooLarge(): AppError {
  return new AppError(
    'PAYLOAD_TOO_LARGE',
    'body_too_large',
    `A body holds at most ${LIMITS.bodyBytes} bytes.`,
  );
}
