import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Stage } from '../../src/kernel/index.ts';
import { bound, control } from '../kernel/world.ts';
import { call, requests } from './call.ts';
import { marker, streams } from './provider.ts';
import { openWorld, type World } from './world.ts';

/**
 * Requests and answers that were damaged at random, with a fixed seed and a budget. Whatever comes,
 * the caller gets an answer of HTTP, errors have the protocol's shape, what was denied does not
 * leave, and nothing is a defect of ours. GATEHOUSE_TEST_FUZZ=20000 runs it long.
 */
const rounds = Number(process.env.GATEHOUSE_TEST_FUZZ ?? 600);
const stages: readonly Stage[] = ['enter', 'input', 'model', 'output'];

/** Mulberry32: small, and the same numbers each time. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Chance = () => number;
const upTo = (chance: Chance, most: number) => Math.floor(chance() * most);

const splices = [
  '',
  '{',
  ']',
  '"',
  '\\u0000',
  '\\ud800',
  'null',
  '1e999',
  '[[[[',
  '"__proto__":1,',
  '\u202e',
  ' ',
];

function damaged(text: string, chance: Chance): Buffer {
  const bytes = Buffer.from(text);
  const at = upTo(chance, bytes.length);
  switch (upTo(chance, 5)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      bytes[at] = upTo(chance, 256);
      return bytes;
    case 2: {
      const splice = Buffer.from(splices[upTo(chance, splices.length)] as string);
      return Buffer.concat([bytes.subarray(0, at), splice, bytes.subarray(at)]);
    }
    case 3: {
      const length = upTo(chance, 40);
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    }
    default:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(upTo(chance, bytes.length))]);
  }
}

let world: World;
before(async () => {
  const allow = bound(
    control(() => ({ level: 'allow', settled: 'all' }), { stages, windowed: true }),
  );
  world = await openWorld({ bindings: [allow], idleMs: 200, bodyBytes: 100_000 });
});
after(() => world.close());

test(`${rounds} damaged requests: an answer each, in the protocol's shape, and no defect (D2)`, async () => {
  const chance = seeded(20_261_122);
  const paths = Object.keys(requests);
  for (let round = 0; round < rounds; round++) {
    const path = paths[upTo(chance, paths.length)] as string;
    const { body, streams: can } = requests[path] as (typeof requests)[string];
    const stream = can && chance() < 0.5 ? { stream: true } : {};
    let sent = damaged(JSON.stringify({ ...body, ...stream }), chance);
    if (chance() < 0.3) sent = damaged(sent.toString('utf8'), chance);
    const answer = await call(world.gateway.url, path, sent);
    const what = `${path} ${sent.toString('latin1').slice(0, 200)} -> ${answer.status} ${answer.body.slice(0, 200)}`;
    assert.ok([200, 400, 403, 413].includes(answer.status), what);
    if (answer.status !== 200) assert.equal(typeof JSON.parse(answer.body).error, 'object', what);
  }
  assert.deepEqual(world.defects, []);
});

test(`${rounds / 2} damaged answers: told or refused, never a hang, no defect (E5)`, async () => {
  const chance = seeded(11_222_026);
  const paths = Object.keys(requests).filter((path) => requests[path]?.streams);
  for (let round = 0; round < rounds / 2; round++) {
    const path = paths[upTo(chance, paths.length)] as string;
    const whole = (streams[path] ?? []).join('');
    const sent = damaged(whole, chance);
    const cut = upTo(chance, sent.length);
    world.provider.answer = (_path, _body, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(sent.subarray(0, cut));
      setImmediate(() => response.end(sent.subarray(cut)));
    };
    const { body } = requests[path] as (typeof requests)[string];
    const answer = await call(world.gateway.url, path, JSON.stringify({ ...body, stream: true }));
    const what = `${path} ${sent.toString('utf8')} -> ${answer.status} ${answer.body}`;
    assert.ok([200, 403, 502, 504].includes(answer.status), what);
    const entry = world.record.entries.at(-1);
    assert.deepEqual(entry?.['stages'], ['output'], what);
    // Who got the last event got an answer that the record calls complete.
    const last = /data: \[DONE\]|event: message_stop|event: response\.completed/.test(answer.body);
    assert.equal(last, entry?.['ended'] === 'complete', what);
  }
  world.provider.answer = null;
  assert.deepEqual(world.defects, []);
  const [path, { body }] = Object.entries(requests)[0] as [string, { body: object }];
  const fine = await call(world.gateway.url, path, JSON.stringify(body));
  assert.ok(fine.body.includes(marker));
});
