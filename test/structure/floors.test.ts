import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brokenFloors } from '../../scripts/floors/floor-check.ts';
import { floors, outOfReach, rooms } from '../../scripts/floors/floors.ts';
import { importRules } from '../../scripts/floors/import-rules.ts';
import { importCases } from './import-cases.ts';
import { sourceCases } from './source-cases.ts';
import { importsType, value } from './structure-case.ts';
import { type Files, withTree } from './tree.ts';

const manifest = {
  'package.json': JSON.stringify({
    dependencies: { zod: '1.0.0', undici: '1.0.0', openai: '1.0.0', '@hono/node-server': '1.0.0' },
    devDependencies: { 'fast-check': '1.0.0' },
  }),
  ...packageStub('zod'),
  ...packageStub('undici'),
  ...packageStub('openai'),
  ...packageStub('@hono/node-server'),
  ...packageStub('fast-check'),
};

const cases = [...importCases, ...sourceCases];

for (const { rule, what, broken, clean } of cases) {
  test(`${rule} fires on ${what}, and not on its clean twin`, async () => {
    assert.ok((await rulesBroken(broken)).includes(rule), `${rule} did not fire`);
    assert.deepEqual(await rulesBroken(clean), []);
  });
}

test('every rule on imports, for every room, has fired', () => {
  const fired = new Set(cases.map(({ rule }) => rule));
  const silent = importRules().filter(({ name }) => !fired.has(name ?? ''));
  assert.deepEqual(
    silent.filter(({ name }) => !name?.startsWith('floor-')),
    [],
  );
  assert.ok(importRules().every(({ severity }) => severity === 'error'));
});

test('each room fires its own floor rule at every room out of its reach, and at no other', async () => {
  for (const room of rooms) {
    const others = rooms.filter((other) => other !== room);
    const files = {
      ...manifest,
      ...Object.fromEntries(rooms.map((name) => [`src/${name}/index.ts`, value])),
      ...Object.fromEntries(
        others.map((other) => [`src/${room}/${other}.ts`, importsType(`../${other}/index.ts`)]),
      ),
    };
    const violations = await withTree(files, brokenFloors);
    const up = violations.filter(({ rule }) => rule === `floor-${room}`).map(({ file }) => file);
    const wanted = outOfReach(room).filter((other) => other !== 'main');
    assert.deepEqual(up.sort(), wanted.map((other) => `src/${room}/${other}.ts`).sort());
  }
});

test('the floors stand as the design draws them', () => {
  assert.equal(
    floors.map((floor) => floor.join(',')).join(' > '),
    'main > surface > govern,response > watch,flow,proving > gateway > ' +
      'identity,policy,guard,registry,upstream > ledger > store > kernel',
  );
});

async function rulesBroken(files: Files): Promise<string[]> {
  const violations = await withTree({ ...manifest, ...files }, brokenFloors);
  return violations.map(({ rule }) => rule);
}

function packageStub(name: string): Files {
  return {
    [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: '1.0.0', main: 'a.js' }),
    [`node_modules/${name}/a.js`]: 'export {};\n',
  };
}
