import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatehouseError } from '../../kernel/index.ts';
import { loadConfig } from './load.ts';
import { secretAt } from './secret.ts';

const upstreams = 'upstreams:\n  OpenAI:\n    kind: openai\n    url: https://api.openai.com\n';

/** What loading says when it refuses. */
function refusal(text: string, env: Record<string, string> = {}): string {
  try {
    loadConfig(text, 'gatehouse.yaml', env);
  } catch (error) {
    assert.ok(error instanceof GatehouseError);
    assert.equal(error.code, 'bad_config');
    return error.message;
  }
  return assert.fail('it was taken');
}

test('an empty file is the defaults', () => {
  const config = loadConfig('# nothing\n', 'gatehouse.yaml', {});
  assert.equal(config.gateway.listen, '127.0.0.1:4100');
  assert.equal(config.guard.secrets.mode, 'enforce');
  assert.deepEqual(config.models, []);
});

test('a wrong value is told with its path, itself and what was expected', () => {
  const told = refusal('gateway:\n  bodyBytes: plenty\n  listen: here\n');
  assert.match(told, /^`gatehouse\.yaml` does not fit:/);
  assert.match(told, /`gateway\.bodyBytes` is `plenty`: expected number, received string/);
  assert.match(told, /`gateway\.listen` is `here`: write HOST:PORT, such as 127\.0\.0\.1:4100/);
});

test('a setting that does not exist is told with its whole path', () => {
  assert.match(refusal('gateway:\n  lisen: 127.0.0.1:1\n'), /`gateway\.lisen`: there is no such/);
  assert.match(refusal('gatway: {}\n'), /`gatway`: there is no such/);
});

test('broken YAML is told with its line, without its text', () => {
  const told = refusal('gateway:\n  listen: [sk-very-secret\ncontrol: {}\n');
  assert.match(told, /^`gatehouse\.yaml` is not valid YAML: .* at line \d+, column \d+$/);
  assert.doesNotMatch(told, /sk-very-secret/);
  assert.match(refusal('data: a\ndata: b\n'), /not valid YAML: .*unique.* at line 2/);
  assert.match(refusal('- a list\n'), /must hold settings/);
});

test('a bomb of aliases is refused', () => {
  const rows = Array.from({ length: 9 }, (_, i) => {
    const aliases = Array(9).fill(`*a${i}`).join(', ');
    return `a${i + 1}: &a${i + 1} [${aliases}]\n`;
  });
  assert.match(refusal(`a0: &a0 [x]\n${rows.join('')}`), /too many aliases/);
});

test('a secret that stands in the file is refused and not repeated', () => {
  const told = refusal(`${upstreams}    key: sk-very-secret\n`);
  assert.match(told, /`upstreams\.OpenAI\.key`: a secret is not written here; write \{env: NAME\}/);
  assert.doesNotMatch(told, /sk-very-secret/);
  const header = refusal(`${upstreams}    headers: { x-token: 12345 }\n`);
  assert.doesNotMatch(header, /12345/);
});

test('the environment wins over the file, for any setting, in any case', () => {
  const text = `${upstreams}gateway:\n  listen: 127.0.0.1:1\n`;
  const config = loadConfig(text, 'gatehouse.yaml', {
    GATEHOUSE_GATEWAY__LISTEN: '127.0.0.1:5000',
    GATEHOUSE_GATEWAY__BODY_BYTES: '1024',
    gatehouse_gateway__listen: 'not read: variables are in capitals',
    GATEHOUSE_GATEWAY__HOSTS: '[ai.example.org]',
    GATEHOUSE_GUARD__SIZE__ONFAILURE: 'hold',
    GATEHOUSE_UPSTREAMS__OPENAI__TIMEOUTS__CONNECTMS: '7',
    GATEHOUSE_UPSTREAMS__OLLAMA: '{ kind: openai, url: "http://127.0.0.1:11434" }',
    GATEHOUSE_MODELS: '[{ id: m@1, upstream: ollama, model: m-1 }]',
    DATABASE_URL: 'postgres://u:p@db/gatehouse',
    GATEHOUSE_URL: 'of the command line, no setting',
  });
  assert.equal(config.gateway.listen, '127.0.0.1:5000');
  assert.equal(config.gateway.bodyBytes, 1024);
  assert.deepEqual(config.gateway.hosts, ['ai.example.org']);
  assert.equal(config.guard.size.onFailure, 'hold');
  assert.equal(config.upstreams['OpenAI']?.timeouts.connectMs, 7);
  assert.equal(config.upstreams['OpenAI']?.url, 'https://api.openai.com');
  assert.equal(config.upstreams['ollama']?.kind, 'openai');
  assert.equal(config.models[0]?.id, 'm@1');
  assert.equal(config.store.url, 'postgres://u:p@db/gatehouse');
});

test('a variable that names no setting, or holds no YAML, stops the start', () => {
  const unknown = refusal('', { GATEHOUSE_GATEWAY__LISEN: 'x' });
  assert.match(
    unknown,
    /`GATEHOUSE_GATEWAY__LISEN` names no setting; see `gatehouse config schema`/,
  );
  assert.match(refusal('', { GATEHOUSE_GATEWAY__LISTEN__X: 'x' }), /names no setting/);
  assert.match(
    refusal('', { GATEHOUSE_GATEWAY__HOSTS: '[a' }),
    /`GATEHOUSE_GATEWAY__HOSTS` is not/,
  );
});

test('a secret that is not where the configuration says is told by setting and place', () => {
  const at = (place: { env?: string; file?: string }, env = {}) =>
    secretAt('upstreams.openai.key', place, '/nowhere', env);
  assert.equal(at({ env: 'OPENAI_API_KEY' }, { OPENAI_API_KEY: 'sk-1' }), 'sk-1');
  const code = 'bad_config';
  assert.throws(() => at({ env: 'OPENAI_API_KEY' }), {
    code,
    message: /^upstreams\.openai\.key: `OPENAI_API_KEY` is not set/,
  });
  assert.throws(() => at({ env: 'EMPTY' }, { EMPTY: '' }), { code });
  assert.throws(() => at({ file: 'key.txt' }), { code, message: /`\/nowhere\/key\.txt` .*ENOENT/ });
});
