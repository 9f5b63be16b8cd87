import { createRoute } from '@hono/zod-openapi';
import { revokedToken, rotatedKey, signingKeyList, tokenRevocation } from '../../contract/index.ts';
import type { App } from '../environment.ts';
import type { ControlParts } from '../parts.ts';
import { problems } from '../problem.ts';
import { time } from './agents.ts';
import { asJson, sendsJson } from './media.ts';
import { param } from './params.ts';

const by = 'setup-token';
const yearMs = 366 * 86_400_000;

const revoke = createRoute({
  method: 'post',
  path: '/v1/tokens/{jti}/revoke',
  summary: 'Revoke a token, and all that was exchanged from it',
  request: {
    params: param('jti', 'the `jti` of the token, as the record names it (`credential.id`)'),
    body: sendsJson(tokenRevocation),
  },
  responses: { 200: asJson(revokedToken, 'the token'), ...problems(400, 413, 415) },
});

const keys = createRoute({
  method: 'get',
  path: '/v1/signing-keys',
  summary: 'The keys that tokens verify with',
  responses: { 200: asJson(signingKeyList, 'all that still verify'), ...problems() },
});

const rotate = createRoute({
  method: 'post',
  path: '/v1/signing-keys/rotate',
  summary: 'Sign with a new key; tokens of the one before count until they end',
  responses: { 201: asJson(rotatedKey, 'the new key'), ...problems() },
});

/** Tokens that end early, and the keys that sign them. Serves A1 and A2. */
export function tokenRoutes(app: App, { agents, tokens, log, clock }: ControlParts): void {
  app.openapi(revoke, async (c) => {
    const { jti } = c.req.valid('param');
    const { expires: told } = c.req.valid('json');
    const now = clock.now();
    // Without its end nobody knows when it may be forgotten: a year is longer than any token lives.
    const expires = told === undefined ? now + yearMs : Date.parse(told);
    await agents.revokeToken(jti, expires);
    const facts = { revoked: time(now), expires: time(expires) };
    await log.append('token.revoke', { by, token: jti, expires: facts.expires });
    return c.json({ id: jti, ...facts }, 200);
  });
  app.openapi(keys, async (c) => {
    const { keys: all } = await tokens.keys();
    return c.json({ keys: all.map((jwk) => ({ ...jwk })) }, 200);
  });
  app.openapi(rotate, async (c) => {
    const id = await tokens.rotate();
    await log.append('signing-key.rotate', { by, key: id });
    return c.json({ id }, 201);
  });
}
