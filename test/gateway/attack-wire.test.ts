import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import type { Stage } from '../../src/kernel/index.ts';
import { bound, control } from '../kernel/world.ts';
import { call, requests } from './call.ts';
import { openWorld, type World } from './world.ts';

const stages: readonly Stage[] = ['enter', 'input', 'model', 'output'];
const passing = bound(
  control(() => ({ level: 'allow', settled: 'all' }), { stages, windowed: true }),
);
const chat = '/v1/chat/completions';
const messages = '/v1/messages';

let world: World;
before(async () => {
  world = await openWorld({ bindings: [passing] });
});
afterEach(async () => {
  world.provider.answer = null;
  assert.equal((await call(world.gateway.url, chat, usual)).status, 200);
  assert.deepEqual(world.defects, []);
});
after(() => world.close());

const usual = JSON.stringify((requests[chat] as { body: object }).body);
const streamed = JSON.stringify({ ...(requests[chat] as { body: object }).body, stream: true });

function request(body: string, more = ''): string {
  return (
    `POST ${chat} HTTP/1.1\r\nhost: 127.0.0.1:${world.gateway.port}\r\nauthorization: Bearer x\r\n` +
    `content-type: application/json\r\n${more}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  );
}

async function until(what: () => boolean): Promise<void> {
  for (let waited = 0; !what(); waited++) {
    assert.ok(waited < 300, 'it never came');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('a pipelined call begins only when its turn comes, so a client that leaves ends all of them (I4)', async () => {
  world.provider.seen.length = 0;
  world.provider.answer = (_, __, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(
      `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'a ' } }] })}\n\n`,
    );
  };
  const before = world.summaries.length;
  const socket = connect(world.gateway.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(request(streamed).repeat(5));
  await new Promise((resolve) => socket.once('data', resolve));
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(world.provider.seen.length, 1);
  socket.destroy();
  await until(() => world.summaries.length > before);
  assert.equal(world.provider.seen.length, 1);
  assert.equal(world.summaries.at(-1)?.ended, 'cancelled');
});

test('pipelined calls are answered in their order', async () => {
  const socket = connect(world.gateway.port, '127.0.0.1');
  let came = '';
  socket.setEncoding('utf8');
  socket.on('data', (data) => {
    came += data;
  });
  socket.write(request(usual).repeat(3));
  await until(() => (came.match(/HTTP\/1\.1 200/g) ?? []).length === 3);
  socket.destroy();
});

test('a connection on which calls are piled up is cut (I4)', async () => {
  world.provider.answer = () => {};
  const socket = connect(world.gateway.port, '127.0.0.1');
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  socket.resume();
  socket.write(request(usual).repeat(100));
  await closed;
});

test('an upgrade, a CONNECT and a trailer reach no upstream as such (I2)', async () => {
  world.provider.seen.length = 0;
  const raw = (text: string) =>
    new Promise<string>((resolve) => {
      const socket = connect(world.gateway.port, '127.0.0.1');
      let came = '';
      socket.on('data', (data) => {
        came += data;
        socket.end();
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(came));
      socket.write(text);
    });
  const host = `host: 127.0.0.1:${world.gateway.port}\r\n`;
  assert.equal(await raw(`CONNECT 127.0.0.1:80 HTTP/1.1\r\n${host}\r\n`), '');
  const upgrade = 'connection: upgrade\r\nupgrade: websocket\r\n';
  assert.match(await raw(`GET /v1/realtime HTTP/1.1\r\n${host}${upgrade}\r\n`), /^HTTP\/1\.1 404 /);
  assert.match(await raw(`OPTIONS ${chat} HTTP/1.1\r\n${host}\r\n`), /^HTTP\/1\.1 405 /);
  assert.match(await raw(`POST http://other${chat} HTTP/1.1\r\n${host}\r\n`), /^HTTP\/1\.1 404 /);
  assert.equal(world.provider.seen.length, 0);
});

test('headers of the caller go upstream only in the form that the protocol gives them (I2)', async () => {
  const body = JSON.stringify((requests[messages] as { body: object }).body);
  const send = (headers: Record<string, string>) =>
    call(world.gateway.url, messages, body, headers);
  const good = { 'anthropic-version': '2023-06-01', 'anthropic-beta': 'files-api-2025-04-14, a-b' };
  assert.equal((await send(good)).status, 200);
  world.provider.seen.length = 0;
  for (const bad of ['my card is 4111 1111 1111 1111', 'ghp_Ab3dEf6hIj', 'a'.repeat(900), 'a,,b']) {
    for (const name of ['anthropic-version', 'anthropic-beta']) {
      const answer = await send({ [name]: bad });
      assert.equal(answer.status, 400, `${name}: ${bad}`);
      assert.ok(!answer.body.includes(bad), answer.body);
    }
  }
  assert.equal(world.provider.seen.length, 0);
});

test('headers of the upstream reach the caller only in the form of an id or a time (D2)', async () => {
  const headers = async (more: Record<string, string>) => {
    world.provider.answer = (_, __, response) => {
      response.writeHead(200, { 'content-type': 'application/json', ...more }).end('{}');
    };
    const answer = await call(world.gateway.url, chat, usual);
    assert.equal(answer.status, 200, answer.body);
    return answer.headers;
  };
  const id = 'req_011CSHoEeqs5C35K2UUqR7Fy';
  assert.equal((await headers({ 'request-id': id }))['request-id'], id);
  assert.equal((await headers({ 'retry-after': '3' }))['retry-after'], '3');
  for (const name of ['request-id', 'x-request-id', 'retry-after']) {
    for (const bad of ['the text of an answer', 'caf\u00e9', 'a'.repeat(300)]) {
      assert.equal((await headers({ [name]: bad }))[name], undefined);
    }
  }
});
