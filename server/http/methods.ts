import type { Context, Env, Hono } from 'hono';
import { AppError, methodNotAllowed } from '../../contract/errors.ts';
import { problem } from './problem.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Answers a request that no route takes: 405 with `Allow` where other methods would find one, else 404. */
export function refuseRoute<E extends Env>(app: Hono<E>, c: Context<E>): Response {
  // Hono answers HEAD by the route of GET.
  const asked = c.req.method === 'HEAD' ? 'GET' : c.req.method;
  const methods = methodsOf(app, c.req.path).filter((method) => method !== asked);
  if (methods.length === 0) {
    return problem(c, new AppError('NOT_FOUND', 'no_route', 'This address does not exist. Check the path.'));
  }
  const allow = [...methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])), 'OPTIONS'];
  c.header('allow', allow.join(', '));
  return problem(c, methodNotAllowed(c.req.method, allow));
}

/** Names the methods for which a path has a route of its own. */
function methodsOf<E extends Env>(app: Hono<E>, path: string): string[] {
  if (path.startsWith('//')) return [];
  // The page answers GET for every path but these.
  const hasNoPage = /^\/(api|trpc|assets)(\/|$)/.test(path);
  return METHODS.filter((method) =>
    app.router
      .match(method, path)[0]
      .some(([[, route]]) => route.method === method && !(hasNoPage && route.path === '/*')),
  );
}
