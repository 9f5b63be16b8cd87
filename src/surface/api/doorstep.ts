import type { MiddlewareHandler } from 'hono';
import { GatehouseError } from '../../kernel/index.ts';
import { attempts } from './attempts.ts';
import type { Environment } from './environment.ts';
import { nameIn } from './listen.ts';
import type { ControlParts } from './parts.ts';

type Middleware = MiddlewareHandler<Environment>;

const mostFailures = 10;

/** Headers that keep a browser from doing with an answer what nobody asked it to. */
export const securityHeaders: Middleware = async (c, next) => {
  await next();
  c.header('x-content-type-options', 'nosniff');
  c.header('x-frame-options', 'DENY');
  c.header('referrer-policy', 'no-referrer');
  c.header('cross-origin-resource-policy', 'same-origin');
  c.header('cross-origin-opener-policy', 'same-origin');
  c.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
  if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store');
};

/** Refuses a Host that is not served here, which ends DNS rebinding. */
export function hostCheck(names: ReadonlySet<string>): Middleware {
  return async (c, next) => {
    const header = c.env.incoming.headers.host;
    const name = nameIn(header);
    if (name === null || !names.has(name)) {
      const shown = (header ?? '').slice(0, 80);
      const mend = 'add it to `control.hosts` if it should be';
      throw new GatehouseError('misdirected', `host \`${shown}\` is not served here; ${mend}`);
    }
    await next();
  };
}

/** Refuses every page of another origin: there is no CORS here, not even for a simple request. */
export const originCheck: Middleware = async (c, next) => {
  const { origin, host } = c.env.incoming.headers;
  if (origin !== undefined && !sameOrigin(origin, host ?? '')) {
    const shown = origin.slice(0, 80);
    throw new GatehouseError('refused', `origin \`${shown}\` may not call the control plane`);
  }
  await next();
};

function sameOrigin(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host: named } = new URL(origin);
  if (protocol !== 'http:' && protocol !== 'https:') return false;
  return named === new URL(`${protocol}//${host}`).host;
}

/**
 * Lets in who holds the token. Failures are limited by address; the right token passes even then,
 * so that nobody can lock an operator out by guessing (the token has 256 random bits).
 */
export function tokenCheck(
  { guard, clock }: Pick<ControlParts, 'guard' | 'clock'>,
  open: (path: string) => boolean,
): Middleware {
  const failures = attempts(clock, mostFailures);
  return async (c, next) => {
    if (open(c.req.path)) return next();
    const { authorization } = c.env.incoming.headers;
    const token = /^Bearer ([^\s]{1,200})$/i.exec(authorization ?? '')?.[1];
    if (token !== undefined && guard.admits(token)) return next();
    // Who sends nothing guesses nothing.
    const address = c.env.incoming.socket.remoteAddress ?? '';
    if (authorization !== undefined && failures.failed(address)) {
      throw new GatehouseError('over_limit', 'too many wrong tokens from here; wait a minute');
    }
    const what = authorization === undefined ? 'no token was sent' : 'the token is not valid';
    const mend = 'send `authorization: Bearer TOKEN` with the setup token of the first start';
    throw new GatehouseError('unauthenticated', `${what}; ${mend}`);
  };
}
