import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from './load.ts';
import { unpriced } from './unpriced.ts';

const told = (prices: string, only: string) => {
  const text = `
upstreams: { scripted: { kind: scripted, script: x.yaml } }
models: [{ id: m@1, upstream: scripted, model: m-1, groups: [general]${prices} }]
policy: { quotas: [{ id: month, of: owner, measure: money, limit: 5, per: month${only} }] }`;
  return unpriced(loadConfig(text, 'x.yaml', {}));
};

test('a model without a price under a quota of money is told (M5)', () => {
  for (const only of ['', ', only: { models: [m@1] }', ', only: { groups: [general, x] }']) {
    assert.match(String(told('', only)), /^model `m@1` has no price, .* under `month` is refused/);
    assert.deepEqual(told(', price: { input: 0, output: 0 }', only), []);
  }
});

test('a model that no quota of money is for needs no price (M5)', () => {
  for (const only of [', only: { models: [m@2] }', ', only: { groups: [x] }']) {
    assert.deepEqual(told('', only), []);
  }
});
