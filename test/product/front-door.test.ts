import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SignJWT, UnsecuredJWT } from 'jose';
import { newSigningKey, type SigningKey } from '../../src/surface/sidecar/agent-key.ts';
import { clientAssertion, dpopProof } from '../../src/surface/sidecar/signed.ts';
import { agentKey, api, Product, type Running, root } from './product.ts';

const product = new Product({
  upstreams: { scripted: { kind: 'scripted', script: join(root, 'tour/replies.yaml') } },
  models: ['general', 'restricted'].map((group) => ({
    id: `tour-${group}@1`,
    upstream: 'scripted',
    model: 'tour-model-1',
    aliases: [group],
    groups: [group],
  })),
});
let running: Running;
const chatPath = '/v1/chat/completions';
const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessToken = 'urn:ietf:params:oauth:token-type:access_token';

interface Agent {
  readonly name: string;
  readonly key: SigningKey;
}

before(async () => {
  running = await product.start();
});
after(() => product.remove());

let count = 0;
async function registered(owner = 'ana@example.org'): Promise<Agent> {
  const name = `door-${++count}`;
  const key = newSigningKey();
  const body = { name, owner, purpose: 'a test', publicKey: key.jwk };
  await api(running, '/v1/agents', body);
  return { name, key };
}

const moment = () => ({ now: Date.now(), random: randomBytes });
const tokenUrl = () => `${running.gateway}/oauth/token`;

interface Answer {
  readonly status: number;
  readonly told: Record<string, unknown>;
}

/** A call with these headers exactly; `fetch` would set Host by itself. */
function send(path: string, headers: Record<string, string>, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(running.gateway + path, { method: 'POST', headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, told: JSON.parse(text) }));
    });
    sent.on('error', reject).end(body);
  });
}

async function asked(
  { name, key }: Agent,
  form: Record<string, string>,
  more: { readonly bound?: boolean; readonly assertion?: string; readonly host?: string } = {},
): Promise<Answer> {
  const assertion = more.assertion ?? (await clientAssertion(name, tokenUrl(), key, moment()));
  const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
  const body = new URLSearchParams({
    ...form,
    client_assertion_type: type,
    client_assertion: assertion,
  });
  const proof = { method: 'POST', url: tokenUrl() };
  return send(
    '/oauth/token',
    {
      'content-type': 'application/x-www-form-urlencoded',
      ...(more.bound === false ? {} : { dpop: await dpopProof(proof, key, moment()) }),
      ...(more.host === undefined ? {} : { host: more.host }),
    },
    body.toString(),
  );
}

async function token(agent: Agent, form: Record<string, string> = {}, bound = true) {
  const { status, told } = await asked(
    agent,
    { grant_type: 'client_credentials', ...form },
    { bound },
  );
  assert.equal(status, 200, JSON.stringify(told));
  return String(told['access_token']);
}

const messages = [{ role: 'user', content: 'What is a gatehouse?' }];

function call(headers: Record<string, string>, model = 'general'): Promise<Answer> {
  const json = { 'content-type': 'application/json', ...headers };
  return send(chatPath, json, JSON.stringify({ model, messages }));
}

async function proven(
  text: string,
  key: SigningKey,
  change: { url?: string; method?: string } = {},
) {
  const proof = { method: 'POST', url: running.gateway + chatPath, token: text, ...change };
  return { authorization: `DPoP ${text}`, dpop: await dpopProof(proof, key, moment()) };
}

const bearer = (text: string) => ({ authorization: `Bearer ${text}` });

async function refused(what: string, answer: Promise<Answer>, status = 401): Promise<void> {
  const { status: got, told } = await answer;
  assert.equal(got, status, `${what}: ${JSON.stringify(told)}`);
}

test('a bound token counts with a fresh proof of its key for this very call (A1, T6)', async () => {
  const agent = await registered();
  const text = await token(agent);
  const headers = await proven(text, agent.key);
  assert.equal((await call(headers)).status, 200);
  await refused('a replayed proof', call(headers));
  await refused('as a bearer', call(bearer(text)));
  await refused('without a proof', call({ authorization: `DPoP ${text}` }));
  await refused('with the key of a thief', call(await proven(text, newSigningKey())));
  const elsewhere = `${running.gateway}/v1/messages`;
  await refused('for another address', call(await proven(text, agent.key, { url: elsewhere })));
  await refused('for another method', call(await proven(text, agent.key, { method: 'GET' })));
  const other = await token(agent);
  const { dpop } = await proven(other, agent.key);
  await refused('of another token', call({ authorization: `DPoP ${text}`, dpop }));
  const evil = await proven(text, agent.key, { url: `http://evil.example${chatPath}` });
  await refused('for the host of another', call({ ...evil, host: 'evil.example' }), 421);
  await refused('forwarded', call({ ...evil, 'x-forwarded-host': 'evil.example' }));
  assert.equal((await call(await proven(text, agent.key))).status, 200);
});

test('a token that was altered, or signed by another, is nobody (A1, T6)', async () => {
  const agent = await registered();
  const text = await token(agent, {}, false);
  assert.equal((await call(bearer(text))).status, 200);
  const [head = '', body = '', sign = ''] = text.split('.');
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString('utf8'));
  const header = JSON.parse(Buffer.from(head, 'base64url').toString('utf8'));
  const altered = (change: object) =>
    `${head}.${Buffer.from(JSON.stringify({ ...claims, ...change })).toString('base64url')}.${sign}`;
  for (const change of [
    { act: { sub: 'somebody-else' } },
    { act: { sub: agent.name, act: { sub: 'first' } } },
    { scope: 'call_model call_tool' },
    { exp: claims.exp + 3600 },
    { client_id: 'another' },
  ]) {
    await refused(JSON.stringify(change), call(bearer(altered(change))));
  }
  const { secret } = newSigningKey();
  const forged = (change: object) =>
    new SignJWT({ ...claims, ...change }).setProtectedHeader(header).sign(secret);
  await refused('another key', call(bearer(await forged({}))));
  await refused('another issuer', call(bearer(await forged({ iss: 'https://evil.example' }))));
  const none = new UnsecuredJWT(claims).encode();
  await refused('alg none', call(bearer(none)));
  const jwks = await (await fetch(`${running.gateway}/oauth/jwks`)).text();
  const mac = new SignJWT(claims).setProtectedHeader({ ...header, alg: 'HS256' });
  await refused('confused', call(bearer(await mac.sign(new TextEncoder().encode(jwks)))));
});

test('an exchange narrows and never widens, and what ends takes all that came of it (A1, T6)', async () => {
  const planner = await registered();
  const worker = await registered();
  const theirs = await token(planner, { scope: 'call_model:general' });
  const form = { grant_type: exchange, subject_token: theirs, subject_token_type: accessToken };
  await refused('wider', asked(worker, { ...form, scope: 'call_model' }), 400);
  const { status, told } = await asked(worker, form);
  assert.equal(status, 200, JSON.stringify(told));
  const ours = String(told['access_token']);
  assert.equal((await call(await proven(ours, worker.key))).status, 200);
  await refused('out of scope', call(await proven(ours, worker.key), 'restricted'), 403);
  const { jti } = JSON.parse(Buffer.from(theirs.split('.')[1] ?? '', 'base64url').toString('utf8'));
  await api(running, `/v1/tokens/${jti}/revoke`, {});
  await refused('of a revoked token', call(await proven(ours, worker.key)));
  await refused('a revoked token', call(await proven(theirs, planner.key)));
  assert.equal((await call(await proven(await token(worker), worker.key))).status, 200);
  const again = await asked(worker, { ...form, subject_token: await token(planner) });
  const chained = String(again.told['access_token']);
  await api(running, `/v1/agents/${planner.name}/disable`, {});
  await refused('on behalf of a disabled agent', call(await proven(chained, worker.key)));
});

test('agents, owners and keys that were stopped get nothing any more (A1, T6)', async () => {
  const agent = await registered('bo@example.org');
  const text = await token(agent, {}, false);
  assert.equal((await call(bearer(text))).status, 200);
  await api(running, '/v1/owners/bo@example.org/disable', {});
  await refused('a token of a disabled owner', call(bearer(text)));
  await refused('a new one', asked(agent, { grant_type: 'client_credentials' }));
  const key = await agentKey(running, 'door-static');
  assert.equal((await call({ 'x-api-key': key })).status, 200);
  await api(running, '/v1/agents/door-static/disable', {});
  await refused('a key of a disabled agent', call({ 'x-api-key': key }));
});

test('an assertion counts once, for this gateway, from its own agent, in its time (A1, T6)', async () => {
  const agent = await registered();
  const grant = { grant_type: 'client_credentials' };
  const made = (audience: string, now = Date.now(), key = agent.key) =>
    clientAssertion(agent.name, audience, key, { now, random: randomBytes });
  const minute = 60_000;
  const cases: readonly (readonly [string, string])[] = [
    ['expired', await made(tokenUrl(), Date.now() - 10 * minute)],
    ['from the future', await made(tokenUrl(), Date.now() + 10 * minute)],
    ['for another', await made('https://other.example/oauth/token')],
    ['by another key', await made(tokenUrl(), Date.now(), newSigningKey())],
  ];
  for (const [what, assertion] of cases) await refused(what, asked(agent, grant, { assertion }));
  const host = 'evil.example';
  await refused('under another Host', asked(agent, grant, { host }), 421);
  for (let round = 0; round < 10; round++) {
    const assertion = await made(tokenUrl());
    const both = await Promise.all([1, 2].map(() => asked(agent, grant, { assertion })));
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 401]);
  }
});
