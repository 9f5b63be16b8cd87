import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Stage } from '../../src/kernel/index.ts';
import { bound, control } from '../kernel/world.ts';
import { call, requests } from './call.ts';
import { marker, streams } from './provider.ts';
import { openWorld, type World } from './world.ts';

const stages: readonly Stage[] = ['enter', 'input', 'model', 'output'];
const bindings = [
  bound(control(() => ({ level: 'allow', settled: 'all' }), { stages, windowed: true })),
];
const chat = '/v1/chat/completions';
const messages = '/v1/messages';
const usual = (path: string) => JSON.stringify((requests[path] as { body: object }).body);

let world: World;
before(async () => {
  const limits = { bodyBytes: 1_000_000, maxAnswerBytes: 500_000 };
  world = await openWorld({ bindings, ...limits, headersMs: 300, requestMs: 600, idleMs: 300 });
});
afterEach(async () => {
  world.provider.answer = null;
  // Whatever was sent before: the next caller is served, and nothing was a defect of ours.
  assert.equal((await call(world.gateway.url, chat, usual(chat))).status, 200);
  assert.deepEqual(world.defects, []);
});
after(() => world.close());

const deep = (levels: number) =>
  `{"model":"test","messages":${'['.repeat(levels)}${']'.repeat(levels)}}`;

const bodies: [string, string | Buffer, number][] = [
  ['truncated JSON', '{"model":"test","messages":[{"role":"user"', 400],
  ['nothing at all', '', 400],
  ['an array', '[]', 400],
  ['a number', '7', 400],
  ['a string', '"hello"', 400],
  ['no model', '{"messages":[]}', 400],
  ['a model that is a number', '{"model":7,"messages":[{"role":"user","content":"x"}]}', 400],
  ['messages that are a string', '{"model":"test","messages":"hello"}', 400],
  ['messages of numbers', '{"model":"test","messages":[1,2]}', 400],
  ['stream that is a string', '{"model":"test","messages":[],"stream":"yes"}', 400],
  [
    'invalid UTF-8',
    Buffer.concat([
      Buffer.from('{"model":"te'),
      Buffer.from([0xff, 0xfe, 0xc0]),
      Buffer.from('"}'),
    ]),
    400,
  ],
  [
    'an overlong UTF-8 slash',
    Buffer.concat([Buffer.from('{"model":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')]),
    400,
  ],
  ['10,000 nested arrays', deep(10_000), 400],
  ['a million opening brackets', '['.repeat(999_000), 400],
  ['50 MB', Buffer.alloc(50_000_000, 0x20), 413],
  ['a body of zero bytes', Buffer.alloc(4096), 400],
  ['a number that is none', '{"model":"test","messages":[],"temperature":NaN}', 400],
];

for (const path of [chat, messages]) {
  for (const [what, body, status] of bodies) {
    test(`${path}: ${what} gets ${status} in the protocol's shape (D2)`, async () => {
      const text = Buffer.isBuffer(body)
        ? body
        : body.replace('"test"', path === messages ? '"test-a"' : '"test"');
      world.provider.seen.length = 0;
      const answer = await call(world.gateway.url, path, text).catch(
        (error: NodeJS.ErrnoException) => {
          // The server may end the connection while a far too large body is still being sent.
          assert.ok(['EPIPE', 'ECONNRESET'].includes(error.code ?? ''), String(error));
          return null;
        },
      );
      assert.equal(world.provider.seen.length, 0);
      if (answer === null) return assert.equal(status, 413);
      assert.equal(answer.status, status, answer.body);
      const { error } = JSON.parse(answer.body);
      assert.equal(typeof error.message, 'string');
      assert.equal(typeof error.type, 'string');
      if (path === messages) assert.equal(JSON.parse(answer.body).type, 'error');
      assert.match(String(answer.headers['x-gatehouse-trace']), /^[0-9a-f]{32}$/);
    });
  }
}

const doors: [string, string, Record<string, string>, number][] = [
  ['a Host of another name', chat, { host: 'evil.example' }, 421],
  ['a Host with the right name and another port', chat, { host: '127.0.0.1:1' }, 421],
  ['an Origin', chat, { origin: 'https://evil.example' }, 403],
  ['an Origin that is null', chat, { origin: 'null' }, 403],
  ['no JSON content type', chat, { 'content-type': 'text/plain' }, 415],
  ['a compressed body', chat, { 'content-encoding': 'gzip' }, 415],
  ['an endpoint that is none', '/v1/chat/completions/../files', {}, 404],
  ['an encoded path', '/v1/%63hat/completions', {}, 404],
  ['a path with a double slash', '//v1/chat/completions', {}, 404],
  ['two credentials that differ', chat, { 'x-api-key': 'another' }, 401],
];

for (const [what, path, headers, status] of doors) {
  test(`${what} gets ${status} (A5)`, async () => {
    world.provider.seen.length = 0;
    const answer = await call(world.gateway.url, path, usual(chat), headers);
    assert.equal(answer.status, status, answer.body);
    assert.equal(world.provider.seen.length, 0);
    assert.doesNotMatch(answer.body, /at .*\.ts:\d/);
  });
}

/** Writes raw bytes and gives back all that came until the connection ended. */
function raw(text: string, slowMs = 0): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(world.gateway.port, '127.0.0.1');
    let came = '';
    socket.setEncoding('utf8');
    socket.on('data', (data) => {
      came += data;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(came));
    if (slowMs === 0) socket.write(text);
    else {
      let at = 0;
      const dribble = setInterval(() => socket.write(text[at++ % text.length] ?? ' '), slowMs);
      socket.on('close', () => clearInterval(dribble));
    }
  });
}

const body = usual(chat);
const head = `POST ${chat} HTTP/1.1\r\nhost: HOST\r\ncontent-type: application/json\r\nauthorization: Bearer x\r\n`;
const smuggled: [string, string][] = [
  ['both lengths', `content-length: ${body.length}\r\ntransfer-encoding: chunked\r\n\r\n${body}`],
  ['two content-lengths', `content-length: ${body.length}\r\ncontent-length: 4\r\n\r\n${body}`],
  ['a negative length', `content-length: -1\r\n\r\n${body}`],
  ['a hidden transfer-encoding', `transfer-encoding : chunked\r\n\r\n0\r\n\r\n`],
  ['an odd transfer-encoding', `transfer-encoding: xchunked\r\n\r\n${body}`],
  ['a folded header', `x-a: 1\r\n  2\r\ncontent-length: -0\r\n\r\n${body}`],
  ['a bare line feed', `x-a: 1\ncontent-length: ${body.length}\r\n\r\n${body}`],
  ['a chunk size that is none', `transfer-encoding: chunked\r\n\r\nzz\r\n${body}\r\n0\r\n\r\n`],
  ['64 KB of headers', `x-a: ${'a'.repeat(65_536)}\r\n\r\n`],
];

for (const [what, rest] of smuggled) {
  test(`header smuggling: ${what} is refused and the connection ends (I2)`, async () => {
    world.provider.seen.length = 0;
    const host = new URL(world.gateway.url).host;
    const answer = await raw(head.replace('HOST', host) + rest);
    assert.match(answer, /^HTTP\/1\.1 4(00|31) /);
    assert.match(answer, /connection: close/i);
    assert.equal(world.provider.seen.length, 0);
  });
}

test('a client that dribbles its headers is cut off (I4)', async () => {
  const answer = await raw(`${head}x-slow: `, 20);
  assert.match(answer, /^HTTP\/1\.1 408 /);
});

test('a client that never sends its body is cut off (I4)', async () => {
  const host = new URL(world.gateway.url).host;
  const answer = await raw(`${head.replace('HOST', host)}content-length: 500\r\n\r\n{"model"`);
  assert.match(answer, /^HTTP\/1\.1 4(08|00) /);
});

const bad: [string, Parameters<typeof setAnswer>[0], RegExp][] = [
  [
    'an answer that is no JSON',
    (r) => r.writeHead(200, { 'content-type': 'application/json' }).end('<html>'),
    /no JSON object/,
  ],
  [
    'an answer with invalid UTF-8',
    (r) =>
      r.writeHead(200, { 'content-type': 'application/json' }).end(Buffer.from([0x7b, 0xff, 0x7d])),
    /no JSON object/,
  ],
  [
    'an answer that is cut',
    (r) => {
      r.writeHead(200, { 'content-type': 'application/json', 'content-length': '999' });
      r.write('{"a":');
      setTimeout(() => r.destroy(), 20);
    },
    /upstream `openai`/,
  ],
  [
    'a gzip bomb',
    (r) =>
      r
        .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
        .end(gzipSync(Buffer.alloc(60_000_000, 0x20))),
    /upstream `openai`/,
  ],
  ['an answer that never comes', () => {}, /upstream `openai`/],
  ['a hang-up', (r) => r.destroy(), /upstream `openai`/],
  [
    'a redirect',
    (r) => r.writeHead(302, { location: 'http://127.0.0.1/' }).end(),
    /upstream `openai`/,
  ],
];

function setAnswer(answer: (response: import('node:http').ServerResponse) => void): void {
  world.provider.answer = (_, __, response) => answer(response);
}

for (const [what, answer, told] of bad) {
  test(`upstream: ${what} is a clear error, and on the record`, async () => {
    setAnswer(answer);
    const got = await call(world.gateway.url, chat, usual(chat));
    assert.ok(got.status === 502 || got.status === 504, `${got.status} ${got.body}`);
    assert.match(JSON.parse(got.body).error.message, told);
    assert.doesNotMatch(got.body, /sk-upstream|\d+\.\d+\.\d+\.\d+:\d+/);
    const last = world.record.entries.at(-1);
    assert.deepEqual([last?.['stages'], last?.['ended']], [['output'], 'failed']);
  });
}

for (const path of [chat, '/v1/responses', messages]) {
  const whole = (streams[path] ?? []).join('');
  const sent = JSON.stringify({ ...(requests[path] as { body: object }).body, stream: true });

  for (const share of [0.15, 0.5, 0.85, 0.97]) {
    test(`${path}: a stream cut at ${share * 100}% ends with the protocol's error event (E5)`, async () => {
      const cut = whole.slice(0, Math.floor(whole.length * share));
      setAnswer((response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(cut);
        setTimeout(() => response.destroy(), 20);
      });
      const got = await call(world.gateway.url, path, sent);
      const text = got.status === 200 ? got.body : `data: ${got.body}`;
      assert.match(text, /error/);
      assert.doesNotMatch(text, /\[DONE\]|message_stop|"type":"response\.completed"/);
      const last = world.record.entries.at(-1);
      assert.ok(['cut', 'failed'].includes(String(last?.['ended'])), JSON.stringify(last));
    });
  }

  test(`${path}: garbage between events, comments and odd line ends do no harm`, async () => {
    setAnswer((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(`: hello\r\n\r\nretry: 5\r\n\r\n${whole.replaceAll('\n', '\r\n')}`);
    });
    const got = await call(world.gateway.url, path, sent);
    assert.equal(got.status, 200);
    assert.ok(got.body.replaceAll(/[^A-Z]/g, '').includes(marker));
  });

  test(`${path}: an event that is no JSON fails the stream`, async () => {
    setAnswer((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(`data: {"choices": oops\n\n${whole}`);
    });
    const got = await call(world.gateway.url, path, sent);
    assert.match(got.body, /error/);
    assert.doesNotMatch(got.body, /\[DONE\]|message_stop|response\.completed"/);
  });
}

test('a client that leaves cancels the upstream, and the record says so', async () => {
  let closed: (() => void) | undefined;
  const upstreamClosed = new Promise<void>((resolve) => {
    closed = resolve;
  });
  setAnswer((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write((streams[chat] ?? []).slice(0, 3).join(''));
    response.on('close', () => closed?.());
  });
  const sent = JSON.stringify({ ...(requests[chat] as { body: object }).body, stream: true });
  const controller = new AbortController();
  const { port } = new URL(world.gateway.url);
  const socket = connect(Number(port), '127.0.0.1');
  const host = `127.0.0.1:${port}`;
  const length = Buffer.byteLength(sent);
  socket.write(`${head.replace('HOST', host)}content-length: ${length}\r\n\r\n${sent}`);
  await new Promise((resolve) => socket.once('data', resolve));
  socket.destroy();
  controller.abort();
  await upstreamClosed;
  for (let waited = 0; world.record.entries.at(-1)?.['ended'] !== 'cancelled'; waited++) {
    assert.ok(waited < 200, JSON.stringify(world.record.entries.at(-1)));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});
