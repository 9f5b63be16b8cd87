import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { putBucket } from '../../../test/control/buckets.ts';
import { run } from '../../../test/control/shell.ts';
import { type ControlWorld, controlWorld, problem } from '../../../test/control/world.ts';
import type { Quota } from '../../policy/index.ts';
import { standingList } from '../contract/index.ts';

const now = Date.parse('2030-01-01T10:30:00Z');
const clock = { now: () => now, after: () => () => {} };
const daily: Quota = {
  id: 'agent-daily',
  of: 'agent',
  measure: 'tokens',
  limit: 10_000,
  per: 'day',
};
const money: Quota = { id: 'team-month', of: 'owner', measure: 'money', limit: 50, per: 'month' };
const atOnce: Quota = { id: 'at-once', of: 'everyone', measure: 'concurrency', limit: 4 };

let world: ControlWorld;
let folder: string;

function file(name: string, content: string | object): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

describe('the command line for what agents prove themselves with', () => {
  before(async () => {
    world = await controlWorld({ quotas: [daily, money, atOnce] }, clock);
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-cli-'));
    await run(world, 'agent create support-bot --owner ana@example.org');
  });
  after(async () => {
    await world.close();
    rmSync(folder, { recursive: true });
  });

  test('an agent is registered with its key and its risk, from a JWK or from PEM (A1)', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = file('pay.public.jwk', publicKey.export({ format: 'jwk' }));
    const made = await run(world, `agent create pay-bot --owner ana --risk 80 --public-key ${jwk}`);
    assert.equal(made.code, 0, made.err);
    assert.match(made.out, /^risk {5}80\n/m);
    assert.equal(made.err, 'next: gatehouse run --agent pay-bot -- COMMAND\n');
    const ed = generateKeyPairSync('ed25519').publicKey;
    const pem = file('pay.pem', ed.export({ format: 'pem', type: 'spki' }).toString());
    const added = await run(world, `agent public-key add pay-bot ${pem}`);
    assert.equal(added.code, 0, added.err);
    const listed = await run(world, 'agent public-key list pay-bot');
    assert.match(listed.out, /^PUBLIC KEY +KIND +CREATED +REVOKED\n/);
    assert.match(listed.out, /^\S{43} {2}P-256 /m);
    const keys: readonly { id: string; jwk: { crv: string } }[] = JSON.parse(
      (await run(world, 'agent public-key list pay-bot --json')).out,
    );
    const last = keys.find(({ jwk: { crv } }) => crv === 'Ed25519');
    assert.equal(keys.length, 2);
    const revoked = await run(world, `agent public-key revoke --json -- ${last?.id}`);
    assert.equal(revoked.code, 0, revoked.err);
    assert.notEqual(JSON.parse(revoked.out).revoked, null);
    const none = await run(world, 'agent public-key list support-bot');
    assert.match(none.err, /has no public key\nnext: gatehouse agent keygen support-bot\n$/);
  });

  test('a private key is not sent, whatever its form, and not quoted (A1, D3)', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const secret = privateKey.export({ format: 'jwk' });
    const pkcs8 = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    const both = `${pkcs8}\n-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n`;
    for (const [name, content] of [
      ['a.jwk', secret],
      ['a.pem', pkcs8],
      ['b.pem', both],
      ['c.jwk', { kty: 'oct', k: secret.d }],
    ] as const) {
      // An address where nobody listens: whoever tried to send would say so.
      const line = `agent public-key add support-bot ${file(name, content)} --url http://127.0.0.1:1`;
      const { code, out, err } = await run(null, line);
      assert.deepEqual([code, out], [1, ''], name);
      assert.match(err, /holds a private key; nothing was sent; pass the public half/);
      assert.ok(!err.includes(String(secret.d)) && !err.includes(pkcs8.slice(40, 80)));
    }
    for (const [content, about] of [
      ['ssh-ed25519 AAAA', /holds no public key; give a JWK/],
      ['{"keys":[]}', /holds no public key/],
      ['-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n', /holds no public key/],
    ] as const) {
      const bad = await run(world, `agent public-key add support-bot ${file('bad', content)}`);
      assert.equal(bad.code, 1);
      assert.match(bad.err, about);
    }
    const away = await run(world, 'agent public-key add support-bot /nowhere/key');
    assert.match(away.err, /`\/nowhere\/key` cannot be read \(ENOENT\)/);
  });

  test('identities elsewhere are added, listed and revoked (A1)', async () => {
    const add = 'agent identity add support-bot';
    const svid = await run(world, `${add} --spiffe spiffe://example.org/support`);
    assert.equal(svid.code, 0, svid.err);
    assert.match(svid.out, /^idn_\S+ +spiffe +example\.org +spiffe:\/\/example\.org\/support +- /m);
    const github = '--oidc https://token.actions.githubusercontent.com';
    const rules = '--subject repo:acme/desk --claim ref=refs/heads/main --claim environment=a=b';
    const oidc = await run(world, `${add} ${github} ${rules} --json`);
    const { id, claims } = JSON.parse(oidc.out);
    assert.deepEqual(claims, { ref: 'refs/heads/main', environment: 'a=b' });
    const listed = await run(world, 'agent identity list support-bot');
    assert.match(listed.out, /repo:acme\/desk +environment=a=b ref=refs\/heads\/main|ref=\S+ env/);
    const revoked = await run(world, `agent identity revoke ${id}`);
    assert.match(revoked.err, /no longer counts/);
  });

  test('an identity that says too little is refused, here or by the server', async () => {
    const add = 'agent identity add support-bot';
    for (const [line, code, about] of [
      ['', 1, /either --spiffe ID or --oidc ISSUER/],
      ['--spiffe spiffe://a/b --oidc https://x.example', 1, /either --spiffe ID or --oidc/],
      ['--spiffe https://a/b', 1, /`https:\/\/a\/b` is no SPIFFE ID/],
      ['--spiffe spiffe://a/b --claim x=y', 1, /a SPIFFE ID says it all/],
      ['--oidc https://x.example --claim x', 1, /`x` is no claim; write --claim name=value/],
      ['--oidc https://x.example --claim x=1 --claim x=2', 1, /`x` is given twice/],
      ['--oidc https://x.example', 2, /every token of its issuer would fit/],
    ] as const) {
      const bad = await run(world, `${add} ${line}`);
      assert.deepEqual([bad.code, bad.out], [code, ''], line);
      assert.match(bad.err, about);
    }
    assert.equal((await run(world, 'agent identity list nobody')).code, 2);
  });

  test('risk is set, and what is no risk is refused here', async () => {
    const set = await run(world, 'agent risk support-bot 40 --json');
    assert.equal(JSON.parse(set.out).risk, 40);
    for (const number of ['101', '4.5', 'high']) {
      const bad = await run(world, `agent risk support-bot ${number}`);
      assert.equal(bad.code, 1);
      assert.match(bad.err, /is no risk; write a number from 0 to 100/);
    }
  });

  test('an owner is stopped with every agent, and says so (A2)', async () => {
    for (const name of ['one', 'two'])
      await run(world, `agent create ${name} --owner bo@example.org`);
    const stopped = await run(world, 'owner disable bo@example.org');
    assert.equal(stopped.code, 0, stopped.err);
    assert.match(stopped.err, /^2 agents stopped; calls under way end within a second\n/);
    const listed = await run(world, 'owner list');
    assert.match(listed.out, /^bo@example\.org +2 +2030-01-01T10:30:00\.000Z$/m);
    assert.equal((await run(world, 'agent key one')).code, 2);
    assert.equal((await run(world, 'owner disable nobody')).code, 2);
    const agent = await run(world, 'agent disable two');
    assert.match(agent.err, /^none of its credentials count; its calls under way end/);
  });

  test('tokens are revoked, signing keys listed and rotated', async () => {
    const revoked = await run(world, 'token revoke jti-1 --expires 2030-01-01T10:35:00Z --json');
    assert.equal(JSON.parse(revoked.out).expires, '2030-01-01T10:35:00.000Z');
    assert.equal((await run(world, 'token revoke jti-1 --expires soon')).code, 2);
    const rotated = await run(world, 'token rotate');
    assert.match(rotated.out, /^[A-Za-z0-9_-]{43}\n$/);
    const keys = await run(world, 'token keys');
    assert.match(keys.out, new RegExp(`^${rotated.out.trim()} +ES256$`, 'm'));
  });

  test('help shows examples first for each of them', async () => {
    for (const line of [
      'agent public-key',
      'agent identity add --help',
      'owner',
      'quota list --help',
    ]) {
      const { code, out, err } = await run(null, line);
      assert.equal(code, 0, line);
      assert.match(out + err, /^Examples:\n {2}\$ gatehouse /);
    }
  });

  describe('quotas (M5)', () => {
    before(async () => {
      await putBucket(world.store, daily, 'support-bot', { used: 8_192, reserved: 1_000, now });
      await putBucket(world.store, daily, 'pay-bot', { used: 1, now });
      await putBucket(world.store, money, 'ana', { used: 12_400_000_000, now });
      await putBucket(world.store, atOnce, '', { used: 0, reserved: 4, now });
    });

    test('stand in a table, the most used first, in words and as a bar', async () => {
      const { code, out, err } = await run(world, 'quota list');
      assert.equal(code, 0, err);
      const [head, ...rows] = out.trimEnd().split('\n');
      assert.match(head ?? '', /^QUOTA +HOLDER +USE +USED +RESERVED +LIMIT +ENDS$/);
      assert.deepEqual(
        rows.map((row) => row.split(/ {2,}/)),
        [
          ['at-once', 'everyone', '[++++++++++] 100%', '0 calls', '4 calls', '4 calls', 'never'],
          [
            ...['agent-daily', 'agent support-bot', '[########+.]', '91%', '8,192 tokens'],
            ...['1,000 tokens', '10,000 tokens', '2030-01-02T00:00:00.000Z'],
          ],
          [
            ...['team-month', 'owner ana', '[##........]', '24%', '$12.40', '$0.00', '$50.00'],
            '2030-02-01T00:00:00.000Z',
          ],
          [
            ...['agent-daily', 'agent pay-bot', '[#.........]', '0%', '1 token', '0 tokens'],
            ...['10,000 tokens', '2030-01-02T00:00:00.000Z'],
          ],
        ].map((row) => row.map(String)),
      );
      const painted = await run(world, 'quota list', { terminal: true });
      assert.ok(painted.out.includes('\u001b[31m[++++++++++] 100%'));
      const one = await run(world, 'quota list --holder pay-bot --quota agent-daily --json');
      assert.equal(JSON.parse(one.out).quotas.length, 1);
      assert.match((await run(world, 'quota list --holder nobody')).err, /^nothing is used/);
    });

    test('are paged by place, and a place that is none is refused', async () => {
      const seen: string[] = [];
      let after = '';
      do {
        const page = standingList.parse((await world.ask(`/v1/quotas?limit=1${after}`)).json());
        seen.push(...page.quotas.map(({ quota, holder }) => `${quota} ${holder}`));
        after = page.next === null ? '' : `&after=${page.next}`;
      } while (after !== '');
      const all = ['agent-daily pay-bot', 'agent-daily support-bot', 'at-once ', 'team-month ana'];
      assert.deepEqual(seen, all);
      for (const bad of ['after=x', 'after=WzFd', 'limit=0', 'of=nobody']) {
        problem(await world.ask(`/v1/quotas?${bad}`), 400, 'bad_request', /`\w+`/);
      }
      const next = await run(world, 'quota list --limit 1');
      assert.match(next.err, /next: gatehouse quota list --after \S+\n$/);
    });
  });
});
