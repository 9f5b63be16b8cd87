import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ending, pretending, start, withCheckout } from './checkout.ts';

const stamp = 'node_modules/.gatehouse-stamp';
const lock = '.gatehouse/set-up.lock';

/** What an outer npm, or a shell set up for production, leaves in the environment. */
const hostile = {
  NODE_ENV: 'production',
  npm_config_omit: 'dev optional',
  NPM_CONFIG_PRODUCTION: 'true',
  npm_config_global: 'true',
  npm_config_prefix: '/nonexistent',
  npm_config_dry_run: 'true',
  npm_config_package_lock_only: 'true',
  npm_config_install_strategy: 'linked',
  npm_config_ignore_scripts: 'false',
  npm_lifecycle_event: 'start',
};

test('a fresh checkout is set up once, whatever the environment says, and runs its file', () =>
  withCheckout(async (folder) => {
    const first = await ending(start(folder, ['told.ts', 'a', '--b c'], hostile));
    assert.match(first.err, /installing dependencies/);
    assert.deepEqual(JSON.parse(first.out), {
      main: true,
      args: ['a', '--b c'],
      there: ['for-development', 'if-possible'],
    });
    const second = await ending(start(folder, ['told.ts'], { TELL: '7' }));
    assert.equal(second.err, '');
    assert.equal(second.code, 7);
  }));

test('a changed lockfile, a removed package list or a lost stamp is set up again', () =>
  withCheckout(async (folder) => {
    await ending(start(folder, ['told.ts']));
    const changes = [
      () =>
        writeFileSync(join(folder, 'package-lock.json'), `${read(folder, 'package-lock.json')}\n`),
      () => writeFileSync(join(folder, 'node_modules/.package-lock.json'), '{}'),
      () => rmSync(join(folder, stamp)),
      () =>
        writeFileSync(join(folder, stamp), read(folder, stamp).replace(/"abi":"\d+"/, '"abi":"1"')),
    ];
    for (const change of changes) {
      change();
      assert.match((await ending(start(folder, ['told.ts']))).err, /installing dependencies/);
      assert.equal((await ending(start(folder, ['told.ts']))).err, '');
    }
  }));

test('a failed installation leaves no stamp, says why, and is mended by the next', () =>
  withCheckout(async (folder) => {
    await ending(start(folder, ['told.ts']));
    const good = read(folder, 'package-lock.json');
    writeFileSync(join(folder, 'package-lock.json'), good.replaceAll('if-possible', 'other'));
    const failed = await ending(start(folder, ['told.ts']));
    assert.equal(failed.code, 1);
    assert.equal(failed.out, '');
    assert.match(failed.err, /`package.json` and `package-lock.json` disagree; run `npm install`/);
    assert.equal(existsSync(join(folder, stamp)), false);
    assert.equal(existsSync(join(folder, lock)), false);
    writeFileSync(join(folder, 'package-lock.json'), good);
    assert.equal((await ending(start(folder, ['told.ts']))).code, 0);
  }));

test('of several at once one installs, and all run', () =>
  withCheckout(async (folder) => {
    const all = await Promise.all([1, 2, 3].map(() => ending(start(folder, ['told.ts']))));
    assert.deepEqual(
      all.map(({ code }) => code),
      [0, 0, 0],
    );
    assert.equal(all.filter(({ err }) => /installing/.test(err)).length, 1);
  }));

test('a second set-up waits for a live one, names it, and goes on when it is done', () =>
  withCheckout(async (folder) => {
    mkdirSync(join(folder, '.gatehouse'));
    writeFileSync(join(folder, lock), JSON.stringify({ pid: process.pid, host: hostname() }));
    const child = start(folder, ['told.ts']);
    const ended = ending(child);
    const [said] = await once(child.stderr ?? child, 'data');
    assert.match(String(said), new RegExp(`waiting for another set-up.*${process.pid}`));
    assert.equal(existsSync(join(folder, 'node_modules')), false);
    rmSync(join(folder, lock));
    assert.equal((await ended).code, 0);
  }));

test('the lock of a process that is gone is broken', () =>
  withCheckout(async (folder) => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    mkdirSync(join(folder, '.gatehouse'));
    writeFileSync(join(folder, lock), JSON.stringify({ pid, host: hostname() }));
    const { code, err } = await ending(start(folder, ['told.ts']));
    assert.equal(code, 0);
    assert.doesNotMatch(err, /waiting/);
  }));

test('without a registry it says so and what to do', () =>
  withCheckout(async (folder) => {
    const env = {
      npm_config_registry: 'http://127.0.0.1:9/',
      npm_config_fetch_retries: '0',
      npm_config_cache: join(folder, 'cache'),
    };
    const child = start(folder, ['told.ts'], env, pretending(folder, '20.19.0'));
    const { code, err } = await ending(child);
    assert.equal(code, 1);
    assert.match(err, /Node v20.19.0 is older than v24.12; fetching Node 2\d/);
    assert.match(err, /the npm registry cannot be reached; check the network/);
    assert.match(err, /ECONNREFUSED/);
  }));

test('a Node that is too old for anything is named, with what to install', () =>
  withCheckout(async (folder) => {
    const child = start(folder, ['told.ts'], {}, pretending(folder, '18.20.0'));
    const { code, err } = await ending(child);
    assert.equal(code, 1);
    assert.equal(
      err,
      'gatehouse: Node v18.20.0 is too old; install Node 20 or newer (https://nodejs.org)\n',
    );
  }));

function read(folder: string, path: string): string {
  return readFileSync(join(folder, path), 'utf8');
}
