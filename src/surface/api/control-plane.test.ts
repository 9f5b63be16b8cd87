import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type ControlWorld, controlWorld, problem } from '../../../test/control/world.ts';
import {
  agent,
  agentList,
  health,
  issuedKey,
  keyList,
  modelList,
  policyReport,
  policySet,
  setup,
} from '../contract/index.ts';

let world: ControlWorld;
let count = 0;

async function newAgent(): Promise<string> {
  const name = `agent-${++count}`;
  assert.equal((await world.post('/v1/agents', { name, owner: 'ana' })).status, 201);
  return name;
}

describe('the control plane', () => {
  before(async () => {
    world = await controlWorld();
  });
  beforeEach(() => {
    world.log.broken = false;
    world.log.happened.length = 0;
  });
  after(() => world.close());

  describe('agents and keys (A2)', () => {
    test('an agent is registered, found and listed, and the act is on the record', async () => {
      const body = { name: 'billing', owner: 'ana@example.org', purpose: 'sends bills' };
      const made = await world.post('/v1/agents', body);
      assert.equal(made.status, 201);
      const told = agent.parse(made.json());
      assert.deepEqual(
        { ...told, id: '', created: '' },
        {
          ...body,
          id: '',
          created: '',
          tenant: 'default',
          risk: 0,
          status: 'active',
          disabled: null,
        },
      );
      const found = agent.parse((await world.ask('/v1/agents/billing')).json());
      assert.deepEqual(found, told);
      const { agents } = agentList.parse((await world.ask('/v1/agents')).json());
      assert.ok(agents.some(({ id }) => id === told.id));
      const written = (await world.log.all()).at(-1);
      assert.equal(written?.['kind'], 'agent.create');
      assert.equal(written?.['agent'], told.id);
    });

    test('a name that is taken, bad or unknown is refused with the mend', async () => {
      const name = await newAgent();
      const twice = await world.post('/v1/agents', { name, owner: 'ana' });
      problem(twice, 409, 'conflict', new RegExp(`\`${name}\` exists`));
      const bad = await world.post('/v1/agents', { name: 'Bad Name', owner: 'ana' });
      problem(bad, 400, 'bad_request', /`name`: use 1 to 64/);
      const more = await world.post('/v1/agents', { name: 'x', owner: 'ana', admin: true });
      problem(more, 400, 'bad_request', /admin/);
      problem(await world.ask('/v1/agents/nobody'), 404, 'not_found', /`nobody`/);
    });

    test('a body that is no JSON, of another type, or too large is refused', async () => {
      const send = (body: string, type: string) => {
        const headers = { 'content-type': type };
        return world.ask('/v1/agents', { method: 'POST', headers, body });
      };
      problem(await send('{"name":', 'application/json'), 400, 'bad_json', /not valid JSON/);
      problem(
        await send('name=x', 'application/x-www-form-urlencoded'),
        415,
        'unsupported_media',
        /JSON/,
      );
      problem(await send('', 'application/json'), 400, 'bad_json', /not valid JSON/);
      const large = `{"name":"${'x'.repeat(1024 * 1024)}"}`;
      problem(await send(large, 'application/json'), 413, 'too_large', /1 MB/);
    });

    test('a key is shown once, listed without its secret, and revoked', async () => {
      const name = await newAgent();
      const path = `/v1/agents/${name}/keys`;
      const issued = await world.post(path, { expiresInSeconds: 3600 });
      assert.equal(issued.status, 201);
      const { id, secret } = issuedKey.parse(issued.json());
      assert.match(secret, /^gh_/);
      const listed = await world.ask(path);
      assert.ok(!listed.text.includes(secret));
      assert.equal(keyList.parse(listed.json()).keys[0]?.id, id);
      const revoked = await world.post(`/v1/keys/${id}/revoke`);
      assert.equal(revoked.status, 200);
      assert.notEqual((revoked.json() as { revoked: unknown }).revoked, null);
      const log = JSON.stringify(await world.log.all());
      assert.ok(!log.includes(secret), 'no secret is on the record');
      assert.deepEqual(world.log.happened.slice(-2), ['append key.issue', 'append key.revoke']);
      problem(await world.post('/v1/keys/key_0/revoke'), 404, 'not_found', /key_0/);
    });

    test('no key counts whose issue could not be written down (A4)', async () => {
      const name = await newAgent();
      world.log.broken = true;
      const answer = await world.post(`/v1/agents/${name}/keys`, {});
      problem(answer, 500, 'unexpected', /something went wrong/);
      assert.ok(!answer.text.includes('gh_'));
      const { keys } = keyList.parse((await world.ask(`/v1/agents/${name}/keys`)).json());
      assert.equal(keys.length, 1);
      assert.notEqual(keys[0]?.revoked, null);
      assert.equal(world.defects.length > 0, true);
    });

    test('an agent is disabled even when that cannot be written down', async () => {
      const name = await newAgent();
      world.log.broken = true;
      assert.equal((await world.post(`/v1/agents/${name}/disable`)).status, 500);
      const found = agent.parse((await world.ask(`/v1/agents/${name}`)).json());
      assert.equal(found.status, 'disabled');
      problem(await world.post(`/v1/agents/${name}/keys`, {}), 409, 'conflict', /disabled/);
    });
  });

  describe('policies and models (A2)', () => {
    test('the set in force is told with its sources and hash', async () => {
      const told = policySet.parse((await world.ask('/v1/policies')).json());
      assert.match(told.hash, /^[0-9a-f]{64}$/);
      assert.equal(told.pending, false);
      assert.ok(told.files.some(({ name }) => name === 'schema.cedarschema'));
      assert.ok(told.policies.length > 0);
    });

    test('a candidate is checked and not put in force', async () => {
      const { hash } = policySet.parse((await world.ask('/v1/policies')).json());
      const check = async (source: string) => {
        const answer = await world.post('/v1/policies/check', { policies: { 'a.cedar': source } });
        return policyReport.parse(answer.json());
      };
      assert.equal((await check('permit (principal, action, resource);')).ok, true);
      const bad = await check('permit (principal, action == Action::"fly", resource);');
      assert.equal(bad.ok, false);
      assert.match(bad.errors[0]?.where ?? '', /^a\.cedar:1:/);
      assert.equal(policySet.parse((await world.ask('/v1/policies')).json()).hash, hash);
    });

    test('a reload says what was found and is on the record', async () => {
      const answer = await world.post('/v1/policies/reload');
      assert.equal(policyReport.parse(answer.json()).ok, true);
      assert.equal((await world.log.all()).at(-1)?.['kind'], 'policy.reload');
    });

    test('models are exact versions', async () => {
      const { models } = modelList.parse((await world.ask('/v1/models')).json());
      assert.deepEqual(
        models.map(({ id }) => id),
        ['gpt-x@2026-05-01'],
      );
    });
  });

  describe('operation', () => {
    test('health by part, figures, and how far the set-up has come', async () => {
      const told = health.parse((await world.ask('/v1/health')).json());
      assert.equal(told.status, 'ok');
      assert.equal((await world.ask('/metrics')).text, 'up 1\n');
      assert.match((await world.ask('/v1/setup')).text, /gatehouse trace list/);
      setup.parse((await world.ask('/v1/setup')).json());
    });

    test('the description is OpenAPI 3.1, and every reference in it leads somewhere', async () => {
      const document = (await world.ask('/openapi.json')).json() as Record<string, unknown>;
      assert.match(String(document['openapi']), /^3\.1\./);
      const references = JSON.stringify(document).match(/"\$ref":"#[^"]+"/g) ?? [];
      assert.ok(references.length > 20);
      for (const reference of references) {
        const steps = reference.slice('"$ref":"#/'.length, -1).split('/');
        let at: unknown = document;
        for (const step of steps) at = (at as Record<string, unknown>)[step];
        assert.equal(typeof at, 'object', reference);
      }
    });

    test('a new setup token ends the one before', async () => {
      const own = await controlWorld();
      try {
        const { token } = (await own.post('/v1/setup/token')).json() as { token: string };
        assert.equal((await own.ask('/v1/models')).status, 401);
        assert.equal((await own.ask('/v1/models', { token })).status, 200);
      } finally {
        await own.close();
      }
    });
  });
});
