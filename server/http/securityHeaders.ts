import { createMiddleware } from 'hono/factory';
import { secureHeaders } from 'hono/secure-headers';
import type { Arrival } from './arrival.ts';

const HTTPS_ONLY = `max-age=${180 * 24 * 60 * 60}`;

/**
 * The headers that tell browsers what our page may do, and what other pages may do with it.
 * @param hstsSubdomains whether https is demanded of subdomains too. They may be other people's servers.
 */
export function securityHeaders({ hstsSubdomains }: { hstsSubdomains?: boolean | undefined }) {
  const httpsOnly = hstsSubdomains ? `${HTTPS_ONLY}; includeSubDomains` : HTTPS_ONLY;
  const fixed = secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'self'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", 'data:'],
      // Older versions of Safari do not count ws: and wss: as 'self'.
      connectSrc: [
        "'self'",
        (c) => socketSource('ws', c.var.arrival),
        (c) => socketSource('wss', c.var.arrival),
      ],
      workerSrc: ["'self'"],
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
    },
    xFrameOptions: 'DENY',
    permissionsPolicy: { microphone: ['self'], camera: [], geolocation: [], payment: [], usb: [] },
    strictTransportSecurity: false,
  });
  return createMiddleware<{ Variables: { arrival: Arrival } }>(async (c, next) => {
    await fixed(c, next);
    if (c.var.arrival.secure) c.res.headers.set('strict-transport-security', httpsOnly);
  });
}

function socketSource(scheme: 'ws' | 'wss', { host }: Arrival): string {
  return host && /^[\w.:[\]-]+$/.test(host) ? `${scheme}://${host}` : "'self'";
}
