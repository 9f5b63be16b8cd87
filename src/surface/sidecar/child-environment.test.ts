import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childEnvironment, placeholder } from './child-environment.ts';

const sidecar = 'http://127.0.0.1:4999';

test("a program's environment holds no credential of Gatehouse or of a provider (A2)", () => {
  const secrets = {
    GATEHOUSE_TOKEN: 's3cret',
    GATEHOUSE_STORE__URL: 's3cret',
    GATEHOUSE_MASTER_KEY: 's3cret',
    OPENAI_API_KEY: 's3cret',
    OPENAI_ADMIN_KEY: 's3cret',
    OPENAI_CUSTOM_HEADERS: 's3cret',
    ANTHROPIC_API_KEY: 's3cret',
    ANTHROPIC_AUTH_TOKEN: 's3cret',
    ANTHROPIC_IDENTITY_TOKEN: 's3cret',
    AZURE_OPENAI_API_KEY: 's3cret',
    MY_UPSTREAM: 's3cret',
    OPENAI_BASE_URL: 'https://api.openai.com/v1?s3cret',
  };
  const env = childEnvironment({ ...secrets, PATH: '/bin', GONE: undefined }, sidecar, [
    'MY_UPSTREAM',
  ]);
  assert.doesNotMatch(JSON.stringify(env), /s3cret/);
  assert.deepEqual(env, {
    PATH: '/bin',
    OPENAI_BASE_URL: `${sidecar}/v1`,
    OPENAI_API_KEY: placeholder,
    ANTHROPIC_BASE_URL: sidecar,
    ANTHROPIC_API_KEY: placeholder,
    NO_PROXY: '127.0.0.1,localhost',
    no_proxy: '127.0.0.1,localhost',
  });
});

test('a proxy stays, and loopback goes past it', () => {
  const env = childEnvironment(
    { HTTPS_PROXY: 'http://proxy:1', NO_PROXY: 'corp.example, localhost', no_proxy: '' },
    sidecar,
  );
  assert.equal(env['HTTPS_PROXY'], 'http://proxy:1');
  assert.equal(env['NO_PROXY'], 'corp.example,localhost,127.0.0.1');
  assert.equal(env['no_proxy'], '127.0.0.1,localhost');
});
