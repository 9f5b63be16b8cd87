import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { describe, test } from 'node:test';
import { call } from '../../../test/gateway/call.ts';
import { sidecarWorld } from '../../../test/product/run/sidecar.ts';
import { json } from '../../../test/product/run/stand-in.ts';

const path = '/v1/chat/completions';

describe('what passes a sidecar', () => {
  test('both ways stream: each side sees a piece before the other has ended', async () => {
    let arrived: () => void = () => {};
    const first = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const world = await sidecarWorld((asked, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: begun\n\n');
      asked.once('data', arrived);
      asked.on('end', () => response.end('data: ended\n\n'));
    });
    try {
      const sent = request(world.sidecar.url + path, { method: 'POST' });
      const answer = once(sent, 'response') as Promise<[IncomingMessage]>;
      sent.write('{"model":');
      await first;
      const [response] = await answer;
      assert.equal(response.headers['content-type'], 'text/event-stream');
      const pieces: string[] = [];
      for await (const piece of response) {
        pieces.push(String(piece));
        if (pieces.length === 1) sent.end('"m"}');
      }
      assert.deepEqual(pieces, ['data: begun\n\n', 'data: ended\n\n']);
    } finally {
      await world.close();
    }
  });

  test('who leaves ends the call at the gateway too', async () => {
    let cut: () => void = () => {};
    const ended = new Promise<void>((resolve) => {
      cut = resolve;
    });
    const world = await sidecarWorld((_asked, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: begun\n\n');
      response.on('close', cut);
    });
    try {
      const sent = request(world.sidecar.url + path, { method: 'POST' });
      sent.on('error', () => {});
      sent.end('{}');
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      response.on('error', () => {});
      await once(response, 'data');
      sent.destroy();
      await ended;
    } finally {
      await world.close();
    }
  });

  test('a program that reads slowly holds the gateway back; nothing piles up', async () => {
    const piece = Buffer.alloc(64 * 1024, 'x');
    const pieces = 1024;
    let written = 0;
    let stalled: () => void = () => {};
    const full = new Promise<void>((resolve) => {
      stalled = resolve;
    });
    const warnings: string[] = [];
    const note = (warning: Error) => warnings.push(warning.message);
    process.on('warning', note);
    const world = await sidecarWorld(async (_asked, response) => {
      response.writeHead(200);
      for (; written < pieces; written++) {
        if (response.write(piece)) continue;
        const drained = once(response, 'drain');
        const timer = setTimeout(stalled, 300);
        await drained;
        clearTimeout(timer);
      }
      response.end();
    });
    try {
      const sent = request(world.sidecar.url + path).end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      await full;
      assert.ok(written < pieces, 'the whole answer was taken in');
      let size = 0;
      for await (const chunk of response) size += (chunk as Buffer).length;
      assert.equal(size, pieces * piece.length);
      assert.deepEqual(warnings, []);
    } finally {
      process.off('warning', note);
      await world.close();
    }
  });

  test('an answer that breaks off is cut, not ended', async () => {
    const world = await sidecarWorld((_asked, response) => {
      response.writeHead(200);
      response.write('half', () => response.destroy());
    });
    try {
      const answer = await call(world.sidecar.url, path, '{}');
      assert.deepEqual([answer.body, answer.cut], ['half', true]);
    } finally {
      await world.close();
    }
  });

  test('status, headers and errors of the gateway pass unchanged; cookies do not (A2)', async () => {
    const body = { error: { type: 'refused', message: 'policy says no' } };
    const world = await sidecarWorld((_asked, response) => {
      response.setHeader('x-gatehouse-trace', 'trace-1');
      response.setHeader('set-cookie', 'session=1');
      response.setHeader('retry-after', '7');
      json(response, 403, body);
    });
    try {
      const answer = await call(world.sidecar.url, path, '{}');
      assert.deepEqual([answer.status, JSON.parse(answer.body)], [403, body]);
      assert.equal(answer.headers['x-gatehouse-trace'], 'trace-1');
      assert.equal(answer.headers['retry-after'], '7');
      assert.equal(answer.headers['set-cookie'], undefined);
    } finally {
      await world.close();
    }
  });

  test('an answer may come before a large body has been sent, and the connection goes on', async () => {
    const world = await sidecarWorld((_asked, response) => {
      json(response, 413, { error: 'too large' });
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      const headers = { 'content-length': 8 * 1024 * 1024 };
      const sent = request(world.sidecar.url + path, { method: 'POST', agent, headers });
      sent.write(Buffer.alloc(100_000));
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      assert.equal(response.statusCode, 413);
      response.resume();
      sent.end(Buffer.alloc(8 * 1024 * 1024 - 100_000));
      await once(response, 'close');
      const next = request(`${world.sidecar.url}/v1/models`, { agent, method: 'GET' }).end();
      const [second] = (await once(next, 'response')) as [IncomingMessage];
      assert.equal(second.statusCode, 413);
      await once(second.resume(), 'close');
    } finally {
      agent.destroy();
      await world.close();
    }
  });

  test('a gateway that is away is said so, in the shape that clients read', async () => {
    const world = await sidecarWorld();
    try {
      await world.gateway.close();
      const answer = await call(world.sidecar.url, path, '{}');
      assert.equal(answer.status, 502);
      const { type, error } = JSON.parse(answer.body);
      assert.deepEqual([type, error.type, error.code], ['error', 'api_error', 'upstream_failed']);
      assert.match(error.message, /cannot reach the gateway at `http:/);
      assert.doesNotMatch(answer.body, /eyJ/);
    } finally {
      await world.close().catch(() => {});
    }
  });
});
