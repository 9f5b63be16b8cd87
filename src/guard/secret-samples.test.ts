import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secretScan } from './secret-scan.ts';

const scan = secretScan();

/** Put together here, so that no scanner takes this file for a leak. */
const alphabet = 'aB3dE5fG7hJ9kLmN2pQ4rS6tU8vW0xYz';
const some = (length: number) => alphabet.repeat(Math.ceil(length / 32)).slice(0, length);
const hex = (length: number) => 'e3b0c44298fc1c149afb'.repeat(20).slice(0, length);
const letters = (length: number) => 'aBcDeFgHiJkLmNoPqRsTuVwXyZ'.repeat(20).slice(0, length);
const caps = (length: number) => 'IOSFODNN7EXAMPLEQ2W4'.repeat(20).slice(0, length);
const key = `-----BEGIN RSA ${'PRIVATE'} KEY-----\n${some(64)}\n${some(64)}\n-----END RSA ${'PRIVATE'} KEY-----`;

const secrets: readonly (readonly [label: string, text: string])[] = [
  ['gatehouse_key', `gh_${some(49)}`],
  ['aws_access_key', `AKIA${caps(16)}`],
  ['aws_access_key', `ASIA${caps(16)}`],
  ['aws_bedrock_key', `ABSK${some(110)}`],
  ['gcp_api_key', `AIza${some(35)}`],
  ['google_oauth_token', `ya29.${some(40)}`],
  ['google_client_secret', `GOCSPX-${some(28)}`],
  ['azure_key', `AccountKey=${some(86)}==`],
  ['azure_client_secret', `abc8Q~${some(34)}`],
  ['github_token', `ghp_${some(36)}`],
  ['github_token', `ghs_${some(36)}`],
  ['github_token', `github_pat_${some(22)}_${some(59)}`],
  ['gitlab_token', `glpat-${some(20)}`],
  ['slack_token', `xoxb-123456789012-1234567890123-${some(24)}`],
  ['slack_webhook', `https://hooks.slack.com/services/T0${some(8)}/B0${some(8)}/${some(24)}`],
  ['discord_webhook', `discord.com/api/webhooks/123456789012345678/${some(68)}`],
  ['openai_key', `sk-proj-${some(48)}`],
  ['openai_key', `sk-${some(48)}`],
  ['anthropic_key', `sk-ant-api03-${some(93)}AA`],
  ['openrouter_key', `sk-or-v1-${hex(64)}`],
  ['stripe_key', `sk_live_${some(24)}`],
  ['stripe_webhook_secret', `whsec_${some(32)}`],
  ['twilio_key', `SK${hex(32)}`],
  ['sendgrid_key', `SG.${some(22)}.${some(43)}`],
  ['mailgun_key', `key-${hex(32)}`],
  ['npm_token', `npm_${some(36)}`],
  ['pypi_token', `pypi-AgEIcHlwaS5vcmc${some(60)}`],
  ['huggingface_token', `hf_${letters(34)}`],
  ['databricks_token', `dapi${hex(32)}`],
  ['digitalocean_token', `dop_v1_${hex(64)}`],
  ['shopify_token', `shpat_${hex(32)}`],
  ['vault_token', `hvs.${some(90)}`],
  ['grafana_token', `glsa_${some(32)}_${hex(8)}`],
  ['replicate_token', `r8_${some(37)}`],
  ['groq_key', `gsk_${some(52)}`],
  ['docker_token', `dckr_pat_${some(27)}`],
  ['telegram_token', `123456789:AA${some(33)}`],
  ['jwt', `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.${some(43)}`],
  ['private_key', key],
  ['private_key', key.replaceAll('\n', '\\n')],
  ['url_password', 'postgres://app:s3cr3tpw9@db.internal:5432/app'],
  ['password', 'password = hunter2!'],
  ['password', '"db_password": "Tr0ub4dor&3"'],
  ['password', '{\\"password\\": \\"Tr0ub4dor&3\\"}'],
  ['assigned', `api_key: ${some(24)}`],
  ['assigned', `export SERVICE_TOKEN=${hex(40)}`],
  ['assigned', `clientSecret := '${some(30)}'`],
  ['authorization', `Authorization: Bearer ${some(40)}`],
];

for (const [label, text] of secrets) {
  test(`finds ${label}: ${text.slice(0, 9)}… (D3)`, () => {
    for (const around of ['%', 'see %, and more', '\n%\n', '("%")', 'text\\n%\\ntext']) {
      const whole = around.replace('%', () => text);
      const found = scan(whole, true, 0).secrets;
      const labels = found.flatMap((one) => one.labels);
      assert.ok(labels.includes(`secret.${label}`), `${around}: ${labels.join()}`);
    }
  });
}

const innocent: readonly string[] = [
  '550e8400-e29b-41d4-a716-446655440000',
  'request_token: 550e8400-e29b-41d4-a716-446655440000',
  'commit 9fceb02d0ae598e95dc970b74767f19372d61af8',
  '"integrity": "sha512-v2kDEe57lecTulaDIuNTPy3Ry4gLGJ6Z1O3vE1krgXZNrsQ+LFTGHVxVjcXPs17LhbZVGedAJv8XZ1tvj5FvSg=="',
  `data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUA${some(400)}/AKIA+${some(100)}==`,
  'password: string; token: string | null; secret?: Buffer;',
  'const token = await getToken(request.headers);',
  'if (password == other.password2) return secret === other;',
  'token = tokens[i + 1];',
  'api_key = os.environ["API_KEY_2024"]',
  `password: $${'{DB_PASSWORD_1}'}`,
  'password=<your-password-1>',
  'API_KEY=your_api_key_123',
  'secretName: my-app-tls-2',
  'max_tokens: 4096, "prompt_tokens": 12345678',
  'nextPageToken: CAUQAA3x9kLm2Pq7',
  'next_page_token = "CAUQAA3x9kLm2Pq7"',
  'The password is required and must have 12 characters.',
  'the secret: work hard, rest well',
  'https://example.com:8443/path?x=1#y',
  'postgres://user:password@localhost/db',
  `https://$${'{USER}:'}$${'{PASS}@host/'}`,
  '-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA\n-----END PUBLIC KEY-----',
  'A file that begins with -----BEGIN PRIVATE KEY----- holds a private key in base64.',
  'task-force risk-based sk-spinner-circle sketch SKILL keynote',
  'ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
  'bearer of bad news: basic understanding of the matter',
  'eyJ is how a JWT begins',
  'npm_config_registry=https://registry.npmjs.org/',
  'AKIA is the prefix of an access key',
  'version v1.2.3-beta.4+build.5 at 2024-08-06T12:00:00Z',
];

for (const text of innocent) {
  test(`leaves alone: ${text.slice(0, 40)}`, () => {
    assert.deepEqual(scan(text, true, 0).secrets, []);
  });
}

test('covers at least 25 kinds of secrets (D3)', () => {
  assert.ok(new Set(secrets.map(([label]) => label)).size >= 25);
});
