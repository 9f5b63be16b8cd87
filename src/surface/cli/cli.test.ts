import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  inbound,
  output,
  policyFinding,
  secretFinding,
  traceOf,
} from '../../../test/control/decisions.ts';
import { run } from '../../../test/control/shell.ts';
import { type ControlWorld, controlWorld } from '../../../test/control/world.ts';
import { GatehouseError } from '../../kernel/index.ts';

let world: ControlWorld;
let folder: string;
const clock = { now: () => Date.parse('2030-01-01T00:00:00Z'), after: () => () => {} };

describe('the command line', () => {
  before(async () => {
    world = await controlWorld({}, clock);
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-cli-'));
    const masked = { level: 'amend', masks: [['/messages/0/content', 4, 24, 'secret:aws']] };
    await world.log.put(inbound(1, { ...masked, findings: [secretFinding('input')], bodies: [] }), {
      input: 'what is asked',
    });
    await world.log.put(output(1, { bodies: [] }));
    const refused = { level: 'deny', asked: 'big\u001b[2J', route: null, bodies: [] };
    await world.log.put(inbound(2, { ...refused, findings: [policyFinding('not for you')] }));
  });
  after(async () => {
    await world.close();
    rmSync(folder, { recursive: true });
  });

  describe('commands', () => {
    test('registers an agent, shows it, and says what to do next (A2)', async () => {
      const made = await run(world, 'agent create support-bot --owner ana@example.org');
      assert.equal(made.code, 0, made.err);
      assert.match(
        made.out,
        /^agent {4}support-bot\nid {7}agt_[0-9a-f]{20}\nowner {4}ana@example\.org\n/,
      );
      const steps = ['agent keygen support-bot', 'agent key support-bot   # for first steps'];
      assert.equal(made.err, steps.map((step) => `next: gatehouse ${step}\n`).join(''));
      const listed = await run(world, 'agent list');
      assert.equal(
        listed.out,
        'AGENT        OWNER            TENANT   RISK  STATUS  CREATED\n' +
          'support-bot  ana@example.org  default  0     active  2030-01-01T00:00:00.000Z\n',
      );
      const twice = await run(world, 'agent create support-bot --owner bo');
      assert.deepEqual([twice.code, twice.out], [2, '']);
      assert.match(twice.err, /^error: agent `support-bot` exists/);
      const long = await run(world, 'agent key support-bot --expires 365d');
      assert.match(long.err, /^error: `expiresInSeconds`: a key counts for 90 days at most;/);
    });

    test('prints a key alone on standard output, once', async () => {
      await run(world, 'agent create keyed --owner ana');
      const { code, out, err } = await run(world, 'agent key keyed --expires 2h');
      assert.equal(code, 0, err);
      assert.match(out, /^gh_[A-Za-z0-9_-]+\n$/);
      const id = /key (key_\w+), until 2030-01-01T02:00:00\.000Z/.exec(err)?.[1];
      const shown = await run(world, 'agent show keyed');
      assert.ok(shown.out.includes(String(id)) && !shown.out.includes(out.trim()));
      const revoked = await run(world, `agent revoke ${id} --json`);
      assert.equal(revoked.code, 0);
      assert.notEqual(JSON.parse(revoked.out).revoked, null);
      assert.equal((await run(world, 'agent disable keyed')).code, 0);
      assert.equal((await run(world, 'agent key keyed')).code, 2);
    });

    test('lists calls, with what a caller wrote made printable (A4)', async () => {
      const { code, out, err } = await run(world, 'trace list');
      assert.equal(code, 0, err);
      const when = '2026-05-01T12:00:00.000Z';
      assert.equal(
        out,
        `WHEN                      VERDICT  OUTCOME   AGENT        MODEL          MS   TRACE\n` +
          `${when}  deny     refused   support-bot  big?[2J        -    ${traceOf(2)}\n` +
          `${when}  amend    released  support-bot  gpt-x@2026-05  840  ${traceOf(1)}\n`,
      );
      assert.equal(err, `next: gatehouse trace show ${traceOf(2)}\n`);
      const none = await run(world, 'trace list --agent nobody');
      assert.deepEqual([none.code, none.out, none.err], [0, '', 'no call fits\n']);
      assert.equal((await run(world, 'trace list --verdict maybe')).code, 2);
    });

    test('tells a call in a sentence and as its path (E5)', async () => {
      const { out, code } = await run(world, `trace show ${traceOf(1)}`);
      assert.equal(code, 0);
      const lines = out.replace(/commitment \w+/, 'commitment X').split('\n');
      assert.deepEqual(lines, [
        'support-bot, owned by ana@example.org, asked gpt-x@2026-05 (as `gpt-x`) through openai.chat with a static key; 1 secret was masked on its way in; the answer was released unchanged in 840 ms',
        '',
        'input          amend  passed with 1 secret masked on the way in',
        '                      masked secret:aws at /messages/0/content',
        '                      guard.secrets: amend: a secret was found',
        '                      body input, 13 bytes, commitment X',
        'model version  allow  gpt-x@2026-05 answered as gpt-x-2026-05-01 by openai',
        'output         allow  passed unchanged',
        'action         -      no action was taken',
        '',
        `trace    ${traceOf(1)}`,
        'began    2026-05-01T12:00:00.000Z',
        'entries  0, 1 of the log',
        '',
      ]);
      const missing = await run(world, `trace show ${traceOf(7)}`);
      assert.equal(missing.code, 2);
      assert.match(missing.err, /^error: no trace is `0+7`; see `gatehouse trace list`\n$/);
    });

    test('colours a verdict beside its word, on a terminal only, unless NO_COLOR is set', async () => {
      const env = { GATEHOUSE_URL: world.plane.url, GATEHOUSE_TOKEN: world.token };
      const painted = await run(world, 'trace list', { terminal: true });
      assert.ok(painted.out.includes('\u001b[31mdeny   \u001b[0m'));
      const plain = await run(world, 'trace list', {
        terminal: true,
        env: { ...env, NO_COLOR: '1' },
      });
      assert.ok(!`${plain.out}${plain.err}`.includes('\u001b'));
      const json = await run(world, 'trace list --json', { terminal: true });
      assert.equal(JSON.parse(json.out).traces.length, 2);
      assert.equal(json.err, '');
    });

    test('exports a bundle and verifies it, and a changed byte is named (A4)', async () => {
      const file = join(folder, 'proof.json');
      const exported = await run(world, `export --trace ${traceOf(1)} --bodies --out ${file}`);
      assert.equal(exported.code, 0, exported.err);
      assert.equal(exported.out, `${file}\n`);
      assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.match(
        (await run(world, `export --trace ${traceOf(1)} --out ${file}`)).err,
        /is there/,
      );
      const good = await run(null, `verify ${file} --key ${world.log.key}`);
      assert.deepEqual([good.code, good.err], [0, 'verified\n']);
      assert.match(good.out, /^ok {5}format/);
      const unpinned = await run(null, `verify ${file}`);
      assert.match(unpinned.err, /came along: pass --key/);
      const text = readFileSync(file, 'utf8');
      writeFileSync(file, text.replace('openai.chat', 'openai.chap'));
      const bad = await run(null, `verify ${file} --key ${world.log.key} --json`);
      assert.equal(bad.code, 3);
      assert.match(bad.err, /^error: not verified: the receipt of entry 0 does not prove it/);
      assert.equal(JSON.parse(bad.out).ok, false);
    });

    test('exports to standard output when that is no terminal, byte for byte', async () => {
      const { out, code } = await run(world, `export --trace ${traceOf(1)}`);
      assert.equal(code, 0);
      assert.equal(out, await world.log.bundle(traceOf(1), { bodies: false }));
      assert.equal((await run(world, `export --trace ${traceOf(7)}`)).code, 2);
    });

    test('verifies a running log and a folder of tiles, and what they must continue (A4)', async () => {
      const older = join(folder, 'checkpoint.old');
      writeFileSync(older, await world.log.checkpoint());
      await world.log.append('test', {});
      const running = await run(world, `verify --against ${older} --key ${world.log.key}`);
      assert.equal(running.code, 0, running.err);
      assert.match(running.out, /continues the older checkpoint/);
      const tiles = join(folder, 'tiles');
      await world.log.exportTiles(tiles);
      const key = join(folder, 'key');
      writeFileSync(key, `${world.log.key}\n`);
      for (const line of [`verify ${tiles}`, `verify ${tiles} --key ${key} --against ${older}`]) {
        const stored = await run(null, line);
        assert.equal(stored.code, 0, stored.out + stored.err);
      }
      writeFileSync(join(tiles, 'checkpoint'), 'nothing');
      assert.equal((await run(null, `verify ${tiles}`)).code, 3);
      assert.equal((await run(null, 'verify http://127.0.0.1:1')).code, 2);
      assert.equal((await run(null, `verify ${join(folder, 'nothing')}`)).code, 1);
    });

    test('checks policies offline, and tells those in force (A2)', async () => {
      const good = await run(null, 'policy check');
      assert.equal(good.code, 0, good.err);
      assert.match(good.out, /^POLICY +EFFECT +WHERE +REASON\n/);
      assert.match(good.err, /is good: \d+ policies, \d+ tests passed, set [0-9a-f]{64}/);
      const schema = readFileSync('policies/schema.cedarschema', 'utf8');
      writeFileSync(join(folder, 'schema.cedarschema'), schema);
      const source = 'permit (principal, action == Action::"fly", resource);';
      writeFileSync(join(folder, 'bad.cedar'), source);
      const bad = await run(null, `policy check ${folder}`);
      assert.equal(bad.code, 3);
      assert.match(bad.out, /^error: bad\.cedar:1:\d+: /);
      assert.match(bad.err, /cannot be put in force: 1 error/);
      rmSync(join(folder, 'bad.cedar'));
      writeFileSync(join(folder, 'a.test.yaml'), 'tests: [{ name: nobody, expect: allow }]');
      const failing = await run(null, `policy check ${folder}`);
      assert.equal(failing.code, 3);
      assert.match(
        failing.out,
        /^error: a\.test\.yaml:1:9: test `nobody`: expected allow, got deny/,
      );
      const told = await run(null, `policy check ${folder} --json`);
      const { tests } = JSON.parse(told.out) as { tests: { name: string; ok: boolean }[] };
      assert.deepEqual(
        tests.map(({ name, ok }) => [name, ok]),
        [['nobody', false]],
      );
      rmSync(join(folder, 'a.test.yaml'));
      const listed = await run(world, 'policy list');
      assert.match(listed.err, /^set [0-9a-f]{64}\nnext: gatehouse policy check\n$/);
      assert.equal((await run(world, 'policy reload')).code, 0);
    });

    test('tells how the product is', async () => {
      const { out, code } = await run(world, 'status');
      assert.equal(code, 0);
      assert.match(out, /^status {3}ok\n/);
      assert.match(out, /\nPART +STATUS +DETAIL\nstore +ok +PostgreSQL/);
      assert.equal(JSON.parse((await run(world, 'health --json')).out).health.status, 'ok');
    });
  });

  describe('arguments, addresses and tokens', () => {
    test('what is wrong with a line is local, and named', async () => {
      for (const [line, about] of [
        ['nonsense', /unknown command 'nonsense'/],
        ['agent create x', /--owner/],
        ['agent key x --expires soon', /`soon` is no time; write 90m/],
        ['trace show', /missing required argument/],
        ['policy check /nowhere', /`\/nowhere` cannot be read/],
        ['status --url nowhere', /`nowhere` is no address/],
        ['status --url http://gatehouse.example --token x', /in the clear; use https/],
      ] as const) {
        const { code, err, out } = await run(null, line);
        assert.deepEqual([code, out], [1, ''], line);
        assert.match(err, about);
      }
    });

    test('a server that is away or does not take the token is remote', async () => {
      const away = await run(null, 'status --url http://127.0.0.1:1');
      assert.equal(away.code, 2);
      assert.match(away.err, /cannot reach `http:\/\/127\.0\.0\.1:1` \(.+\); is it running\?/);
      const wrong = await run(world, 'status --token wrong');
      assert.equal(wrong.code, 2);
      assert.match(wrong.err, /did not take the token; pass --token/);
    });

    test('the running product is found by its file, whose token goes to no other address', async () => {
      const file = join(folder, 'control.json');
      writeFileSync(file, JSON.stringify({ url: world.plane.url, token: world.token }));
      const product = { controlFile: () => file };
      const found = await run(null, 'agent list', { product });
      assert.equal(found.code, 0, found.err);
      const other = world.plane.url.replace('127.0.0.1', 'localhost');
      const elsewhere = await run(null, `agent list --url ${other}`, { product });
      assert.equal(elsewhere.code, 2);
      assert.match(elsewhere.err, /did not take the token/);
    });

    test('a configuration that does not fit is told, unless the address is given', async () => {
      const controlFile = () => {
        throw new GatehouseError('bad_config', '`data` does not fit');
      };
      const broken = await run(null, 'status', { product: { controlFile } });
      assert.deepEqual([broken.code, broken.err], [1, 'error: `data` does not fit\n']);
      const env = { GATEHOUSE_URL: world.plane.url, GATEHOUSE_TOKEN: world.token };
      const { code, err } = await run(null, 'status', { env, product: { controlFile } });
      assert.equal(code, 0, err);
    });

    test('under npx the next command is one that can be typed', async () => {
      const env = { GATEHOUSE_URL: world.plane.url, GATEHOUSE_TOKEN: world.token };
      const bare = await run(null, 'policy list', { env });
      assert.match(bare.err, /^next: gatehouse policy /m);
      const npx = await run(null, 'policy list', { env: { ...env, npm_command: 'exec' } });
      assert.match(npx.err, /^next: npx gatehouse policy /m);
    });

    test('help shows examples first and ends well; so do versions and completions', async () => {
      for (const line of ['', '--help', 'agent', 'agent create --help', 'help verify']) {
        const { code, out, err } = await run(null, line);
        assert.equal(code, 0, line);
        assert.match(out + err, /^Examples:\n {2}\$ gatehouse /);
      }
      assert.equal((await run(null, '--version')).out, '0.1.0\n');
      assert.match((await run(null, 'completion')).out, /"agent"\) words="create list show/);
    });

    test('start and tour end as they say; the configuration is checked', async () => {
      const product = { start: async () => 0, tour: async () => 3 };
      assert.equal((await run(null, 'start', { product })).code, 0);
      assert.equal((await run(null, 'tour --config x.yaml', { product })).code, 3);
      assert.equal((await run(null, 'config check')).out, 'gatehouse.yaml is good\n');
      assert.equal(JSON.parse((await run(null, 'config schema')).out).title, 'gatehouse.yaml');
    });
  });
});
