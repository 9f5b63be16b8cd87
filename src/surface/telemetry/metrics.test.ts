import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call } from '../../../test/control/call.ts';
import type { Draft, JsonObject, Recorder } from '../../kernel/index.ts';
import { openMetrics } from './metrics.ts';

const names = { protocols: ['openai.chat'], upstreams: ['openai'] };

function draft(entry: JsonObject): Draft {
  return { trace: '', bodies: [], claims: [], entry: () => entry };
}

const writing: Recorder = {
  async record(one) {
    // A transaction that is tried again composes its entry again.
    one.entry([], []);
    one.entry([], []);
    return { index: 0, refused: [] };
  },
};

test('decisions are counted once, when they are on the record (A4)', async () => {
  const metrics = openMetrics(names);
  const recorder = metrics.counting(writing);
  const facts = { stages: ['enter', 'input'], level: 'deny', protocol: 'openai.chat' };
  await recorder.record(draft(facts));
  await recorder.record(draft({ ...facts, stages: ['output'], level: 'allow' }));
  const { text, contentType } = await metrics.scrape();
  assert.match(contentType, /^text\/plain; version=0\.0\.4/);
  const line = (stage: string, level: string) => {
    return `gatehouse_decisions_total{stage="${stage}",level="${level}",protocol="openai.chat"} 1\n`;
  };
  assert.ok(text.includes(line('enter', 'deny')));
  assert.ok(text.includes(line('input', 'deny')));
  assert.ok(text.includes(line('output', 'allow')));
});

test('a decision that cannot be written is a failure, and its rejection stays the caller’s', async () => {
  const metrics = openMetrics(names);
  const away = { record: () => Promise.reject(new Error('away')) };
  await assert.rejects(metrics.counting(away).record(draft({})), /away/);
  const { text } = await metrics.scrape();
  assert.match(text, /gatehouse_record_failures_total 1\n/);
  assert.doesNotMatch(text, /gatehouse_decisions_total\{/);
});

test('calls are counted by protocol, status and end; tokens and time with them', async () => {
  const metrics = openMetrics(names);
  metrics.call(call());
  metrics.call(call({ status: 403, ended: 'refused', upstream: null, usage: null }));
  const { text } = await metrics.scrape();
  const labels = 'protocol="openai.chat",status="200",ended="complete"';
  assert.ok(text.includes(`gatehouse_requests_total{${labels}} 1\n`));
  assert.ok(text.includes('status="403",ended="refused"} 1\n'));
  assert.ok(
    text.includes('gatehouse_upstream_calls_total{upstream="openai",outcome="complete"} 1'),
  );
  assert.ok(text.includes('gatehouse_tokens_total{protocol="openai.chat",direction="input"} 20\n'));
  assert.ok(text.includes('gatehouse_request_seconds_count{stream="false"} 2\n'));
});

test('nothing that a caller writes becomes a label', async () => {
  const metrics = openMetrics(names);
  for (let i = 0; i < 50; i++) {
    metrics.call(call({ protocol: `p${i}`, upstream: `u${i}`, ended: `e${i}`, status: 600 + i }));
  }
  const { text } = await metrics.scrape();
  const series = text.split('\n').filter((line) => line.startsWith('gatehouse_requests_total{'));
  assert.deepEqual(series, [
    'gatehouse_requests_total{protocol="other",status="other",ended="other"} 50',
  ]);
  assert.doesNotMatch(text, /support|gpt/);
});

test('a scrape counts nothing twice', async () => {
  const metrics = openMetrics(names);
  metrics.call(call());
  await metrics.scrape();
  const { text } = await metrics.scrape();
  assert.match(text, /gatehouse_requests_total\{[^}]+\} 1\n/);
  assert.match(text, /process_resident_memory_bytes \d+/);
});
