import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { newSigningKey } from '../../src/surface/sidecar/agent-key.ts';
import { runAgent } from '../../src/surface/sidecar/run-agent.ts';
import { clientFetch } from '../../src/upstream/index.ts';
import { root } from './product.ts';
import { handClock } from './run/hand-clock.ts';
import { StandIn } from './run/stand-in.ts';

const hour = 3_600;
const step = 10;
const away = { from: 1_790, until: 1_820 };

interface Report {
  readonly failures: number;
  readonly calls: number;
}

const python = '/usr/bin/python3';
const programs = {
  Node: [process.execPath, 'hour.ts'],
  Python: [python, 'hour.py'],
} as const;

for (const [language, [command, file]] of Object.entries(programs)) {
  test(`a program in ${language} calls for an hour of renewals, and never holds a credential (A2)`, async (t) => {
    if (!existsSync(command)) return t.skip(`no ${command} on this machine`);
    const clock = handClock(Date.parse('2030-01-01T00:00:00Z'));
    const key = newSigningKey();
    const gateway = await new StandIn({
      agent: 'support-bot',
      jwk: key.jwk,
      now: () => clock.now(),
      answer: (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end('{"object":"list","data":[{"id":"m"}]}');
      },
    }).open();
    let second = 0;
    let report = '';
    // The program asks here, past the sidecar, whether to call once more; time goes by meanwhile.
    const desk = createServer(async (request, response) => {
      if (request.url === '/report') report = await text(request);
      else {
        second += step;
        gateway.away = second >= away.from && second < away.until;
        clock.step(step * 1_000);
      }
      response.writeHead(second <= hour ? 200 : 204).end();
    });
    const client = clientFetch();
    const log: string[] = [];
    const path = process.env['PATH'] ?? '';
    try {
      const code = await runAgent({
        agent: 'support-bot',
        key,
        gateway: gateway.url,
        words: [command, join(root, 'test/product/run', file), await opened(desk)],
        env: { PATH: path },
        upstreamKeys: [],
        terminal: false,
        call: client.fetch as (url: string, init: RequestInit) => Promise<Response>,
        clock,
        random: randomBytes,
        log: (line) => log.push(line),
        ready: () => {},
      });
      assert.equal(code, 0);
      const { failures, calls } = JSON.parse(report) as Report;
      assert.deepEqual([failures, calls], [0, hour / step]);
      assert.deepEqual(gateway.refused, []);
      const renewals = gateway.tokens.length - 1;
      t.diagnostic(`${renewals} renewals, ${calls} calls; told: ${log.join('; ')}`);
      assert.ok(renewals >= 12 && log.length === 2, `${renewals} renewals; ${log.join('; ')}`);
      for (const token of gateway.tokens) assert.ok(!report.includes(token));
      assert.doesNotMatch(report, /eyJ|dpop/i);
    } finally {
      desk.closeAllConnections();
      desk.close();
      await client.close();
      await gateway.close();
    }
  });
}

async function opened(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
