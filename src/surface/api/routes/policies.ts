import { createHash } from 'node:crypto';
import { createRoute } from '@hono/zod-openapi';
import type { PolicyCheck } from '../../../policy/index.ts';
import {
  type PolicyReport,
  type PolicySet,
  policyCandidate,
  policyReport,
  policySet,
} from '../../contract/index.ts';
import type { App } from '../environment.ts';
import type { ControlParts, PolicyDesk } from '../parts.ts';
import { problems } from '../problem.ts';
import { asJson, sendsJson } from './media.ts';

const list = createRoute({
  method: 'get',
  path: '/v1/policies',
  summary: 'The policy set in force, with its source and hash',
  responses: { 200: asJson(policySet, 'the set in force'), ...problems() },
});

const check = createRoute({
  method: 'post',
  path: '/v1/policies/check',
  summary: 'Check a candidate set; nothing is put in force',
  request: { body: sendsJson(policyCandidate) },
  responses: { 200: asJson(policyReport, 'what was found'), ...problems(400, 413, 415) },
});

const reload = createRoute({
  method: 'post',
  path: '/v1/policies/reload',
  summary: 'Read the policy folder again; a set that does not check changes nothing',
  responses: { 200: asJson(policyReport, 'what was found'), ...problems() },
});

/** The policies that decide. Serves A2. */
export function policyRoutes(app: App, { policies, log }: ControlParts): void {
  app.openapi(list, (c) => c.json(inForce(policies), 200));
  app.openapi(check, (c) => {
    const { schema, policies: texts } = c.req.valid('json');
    const sources = { schema: schema ?? policies.read().schema, policies: texts };
    return c.json(told(policies.check(sources)), 200);
  });
  app.openapi(reload, async (c) => {
    const before = policies.hash;
    const report = policies.reload();
    const { ok, hash } = report;
    await log.append('policy.reload', { by: 'setup-token', ok, before, asked: hash });
    return c.json(told(report), 200);
  });
}

function inForce(policies: PolicyDesk): PolicySet {
  const sources = policies.read();
  const texts = { 'schema.cedarschema': sources.schema, ...sources.policies };
  const files = Object.entries(texts).map(([name, source]) => {
    return { name, source, sha256: createHash('sha256').update(source).digest('hex') };
  });
  const pending = policies.check(sources).hash !== policies.hash;
  return { hash: policies.hash, policies: policies.policies.map(copied), files, pending };
}

function told({ ok, hash, policies, errors, warnings }: PolicyCheck): PolicyReport {
  const flaws = [errors.map(copied), warnings.map(copied)] as const;
  return { ok, hash, policies: policies.map(copied), errors: flaws[0], warnings: flaws[1] };
}

function copied<T extends object>(value: T): T {
  return { ...value };
}
