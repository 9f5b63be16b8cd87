import { createRoute, z } from '@hono/zod-openapi';
import {
  type Condition,
  type Health,
  health,
  liveness,
  newSetupToken,
  type Setup,
  setup,
} from '../../contract/index.ts';
import type { App } from '../environment.ts';
import type { ControlParts } from '../parts.ts';
import { problems } from '../problem.ts';
import { asJson, asText } from './media.ts';

const alive = createRoute({
  method: 'get',
  path: '/healthz',
  summary: 'Whether it works; needs no token',
  responses: {
    200: asJson(liveness, 'it works, if need be with a part away'),
    503: asJson(liveness, 'it is down'),
  },
});

const detail = createRoute({
  method: 'get',
  path: '/v1/health',
  summary: 'How each part is',
  responses: { 200: asJson(health, 'every part'), ...problems() },
});

const metrics = createRoute({
  method: 'get',
  path: '/metrics',
  summary: 'Figures for Prometheus',
  responses: { 200: asText(z.string(), 'the text format'), ...problems() },
});

const who = createRoute({
  method: 'get',
  path: '/v1/setup',
  summary: 'How far the set-up has come',
  responses: { 200: asJson(setup, 'what is there, and what to do next'), ...problems() },
});

const rotate = createRoute({
  method: 'post',
  path: '/v1/setup/token',
  summary: 'Make another setup token; this one no longer counts',
  responses: { 201: asJson(newSetupToken, 'shown this once'), ...problems() },
});

/** Health, figures and set-up. */
export function operationRoutes(app: App, parts: ControlParts): void {
  const { guard, log } = parts;
  const started = new Date(parts.clock.now()).toISOString();
  const ask = rarely(parts, started);
  app.openapi(alive, async (c) => {
    const { status } = await ask();
    return status === 'down' ? c.json({ status }, 503) : c.json({ status }, 200);
  });
  app.openapi(detail, async (c) => c.json(await ask(), 200));
  app.openapi(metrics, async (c) => {
    const { contentType, text } = await parts.metrics();
    return c.text(text, 200, { 'content-type': contentType });
  });
  app.openapi(who, async (c) => {
    const agents = (await parts.agents.list()).length;
    const models = parts.models().length;
    const { since } = guard;
    const next = hint(agents, models);
    const told: Setup = { caller: 'setup-token', since, agents, models, next };
    return c.json(told, 200);
  });
  app.openapi(rotate, async (c) => {
    await log.append('setup.rotate', { by: 'setup-token' });
    return c.json({ token: await guard.rotate() }, 201);
  });
}

/** Health at most once a second: the open endpoint must not be a way to load the parts. */
function rarely(parts: ControlParts, started: string): () => Promise<Health> {
  let last: { at: number; health: Promise<Health> } | null = null;
  return () => {
    const now = parts.clock.now();
    if (last === null || now - last.at >= 1_000) last = { at: now, health: asked(parts, started) };
    return last.health;
  };
}

async function asked({ version, health: ask }: ControlParts, started: string): Promise<Health> {
  try {
    const parts = [...(await ask())];
    return { status: worst(parts.map(({ status }) => status)), version, started, parts };
  } catch {
    const silent = { part: 'health', status: 'down' as const, detail: 'its check failed' };
    return { status: 'down', version, started, parts: [silent] };
  }
}

function worst(all: readonly Condition[]): Condition {
  return all.includes('down') ? 'down' : all.includes('degraded') ? 'degraded' : 'ok';
}

function hint(agents: number, models: number): string {
  if (models === 0) return 'list model versions under `models:` in gatehouse.yaml';
  if (agents === 0) return 'gatehouse agent create NAME --owner OWNER';
  return 'gatehouse trace list';
}
