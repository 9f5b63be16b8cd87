import {
  alnum,
  base64,
  base64url,
  digit,
  dot,
  hex,
  hyphen,
  letter,
  tilde,
  underscore,
  upper,
} from './char-class.ts';

/**
 * What must follow a literal for it to be a secret. `run`: from `min` characters of a class on, and
 * where `max` is given no more than that; a longer run is then another thing. The others are told
 * by what they are.
 */
export type SecretShape =
  | { readonly kind: 'run'; readonly chars: number; readonly min: number; readonly max?: number }
  | { readonly kind: 'jwt' | 'pem' | 'url' | 'telegram' | 'entra' }
  | { readonly kind: 'assigned'; readonly strong: boolean }
  | { readonly kind: 'header' }
  /** No secret: a name that has a keyword in it and means something public. */
  | { readonly kind: 'plain' };

export interface SecretRule {
  /** Stands in masks: `[masked:secret.aws_access_key]`. */
  readonly label: string;
  readonly literals: readonly string[];
  readonly shape: SecretShape;
}

function run(chars: number, min: number, max?: number): SecretShape {
  return max === undefined ? { kind: 'run', chars, min } : { kind: 'run', chars, min, max };
}

function exactly(chars: number, length: number): SecretShape {
  return run(chars, length, length);
}

function rule(label: string, shape: SecretShape, ...literals: string[]): SecretRule {
  return { label: `secret.${label}`, literals, shape };
}

/**
 * The kinds of secrets that are found by how they begin. Prefixes and lengths are those that the
 * issuers document. A prefix that could begin an ordinary word asks for an exact length.
 */
export const secretRules: readonly SecretRule[] = [
  rule('gatehouse_key', exactly(base64url, 49), 'gh_'),
  rule('aws_access_key', exactly(upper | digit, 16), 'AKIA', 'ASIA', 'ABIA', 'ACCA'),
  rule('aws_bedrock_key', run(base64, 80), 'ABSK'),
  rule('gcp_api_key', run(base64url, 35), 'AIza'),
  rule('google_oauth_token', run(base64url | dot, 20), 'ya29.'),
  rule('google_client_secret', run(base64url, 24), 'GOCSPX-'),
  rule('azure_key', run(base64, 40), 'AccountKey=', 'SharedAccessKey=', 'SharedSecret='),
  rule('azure_client_secret', { kind: 'entra' }, 'Q~'),
  rule('github_token', run(alnum, 36), 'ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'),
  rule('github_token', run(alnum | underscore, 60), 'github_pat_'),
  rule(
    'gitlab_token',
    run(base64url | dot, 20),
    'glpat-',
    'gldt-',
    'glrt-',
    'glptt-',
    'glcbt-',
    'glft-',
    'glsoat-',
    'glimt-',
    'glagent-',
    'gloas-',
    'GR1348941',
  ),
  rule(
    'slack_token',
    run(alnum | hyphen, 20),
    'xoxb-',
    'xoxp-',
    'xoxa-',
    'xoxr-',
    'xoxs-',
    'xoxo-',
    'xoxe-',
    'xoxe.xoxp-',
    'xoxe.xoxb-',
    'xapp-',
  ),
  rule(
    'slack_webhook',
    run(base64, 40),
    'hooks.slack.com/services/',
    'hooks.slack.com/workflows/',
    'hooks.slack.com/triggers/',
  ),
  rule('discord_webhook', run(base64url | 64, 60), 'discord.com/api/webhooks/'),
  rule('openai_key', run(base64url, 20), 'sk-proj-', 'sk-svcacct-', 'sk-admin-', 'sk-service-'),
  rule('anthropic_key', run(base64url, 20), 'sk-ant-'),
  rule('openrouter_key', run(hex, 48), 'sk-or-v1-'),
  rule('openai_key', run(alnum, 32), 'sk-'),
  rule(
    'stripe_key',
    run(alnum, 16),
    'sk_live_',
    'rk_live_',
    'sk_test_',
    'rk_test_',
    'sk_prod_',
    'rk_prod_',
  ),
  rule('stripe_webhook_secret', run(alnum | 64, 32), 'whsec_'),
  rule('twilio_key', exactly(hex, 32), 'SK'),
  rule('sendgrid_key', run(base64url | dot, 60), 'SG.'),
  rule('mailgun_key', exactly(hex, 32), 'key-'),
  rule('npm_token', run(alnum, 36), 'npm_'),
  rule('pypi_token', run(base64url, 50), 'pypi-AgEIcHlwaS5vcmc', 'pypi-AgENdGVzdC5weXBpLm9yZw'),
  rule('huggingface_token', exactly(letter, 34), 'hf_', 'api_org_'),
  rule('databricks_token', run(hex | hyphen, 32, 36), 'dapi'),
  rule('digitalocean_token', run(hex, 64), 'dop_v1_', 'doo_v1_', 'dor_v1_'),
  rule('shopify_token', run(hex, 32), 'shpat_', 'shpca_', 'shppa_', 'shpss_'),
  rule('vault_token', run(base64url, 24), 'hvs.', 'hvb.', 'hvr.'),
  rule('terraform_token', run(base64url, 60), '.atlasv1.'),
  rule('grafana_token', run(alnum | underscore, 40), 'glsa_'),
  rule('grafana_token', run(base64, 32), 'glc_'),
  rule('postman_key', run(hex | hyphen, 58), 'PMAK-'),
  rule('planetscale_token', run(base64url | dot, 32), 'pscale_tkn_', 'pscale_pw_', 'pscale_oauth_'),
  rule('pulumi_token', run(hex, 40), 'pul-'),
  rule('doppler_token', run(alnum, 40), 'dp.pt.', 'dp.st.', 'dp.ct.', 'dp.sa.'),
  rule('fly_token', run(base64url | 64 | 128, 40), 'fo1_', 'fm1_', 'fm1a_', 'fm2_'),
  rule('rubygems_token', run(hex, 48), 'rubygems_'),
  rule('square_token', run(base64url, 22), 'sq0atp-', 'sq0csp-'),
  rule('figma_token', run(base64url, 40), 'figd_'),
  rule('atlassian_token', run(base64url | 128, 100), 'ATATT3', 'ATCTT3'),
  rule('bitbucket_token', run(alnum | underscore, 28), 'ATBB'),
  rule('age_key', run(upper | digit, 58), 'AGE-SECRET-KEY-1'),
  rule('newrelic_key', exactly(upper | digit, 27), 'NRAK-'),
  rule('sentry_token', run(base64url | 128, 60), 'sntryu_', 'sntrys_'),
  rule('groq_key', run(alnum, 48), 'gsk_'),
  rule('xai_key', run(alnum, 70), 'xai-'),
  rule('perplexity_key', run(alnum, 40), 'pplx-'),
  rule('replicate_token', run(alnum, 37), 'r8_'),
  rule('supabase_token', run(hex, 40), 'sbp_'),
  rule('docker_token', run(base64url, 24), 'dckr_pat_', 'dckr_oat_'),
  rule('linear_key', run(alnum, 40), 'lin_api_', 'lin_oauth_'),
  rule('notion_token', run(alnum, 40), 'ntn_', 'secret_'),
  rule('heroku_key', run(base64url, 58), 'HRKU-'),
  rule('onepassword_token', run(base64, 200), 'ops_eyJ'),
  rule('dynatrace_token', run(alnum | dot, 80), 'dt0c01.'),
  rule('sourcegraph_token', run(alnum | underscore, 40), 'sgp_'),
  rule('facebook_token', run(alnum, 100), 'EAA'),
  rule('telegram_token', { kind: 'telegram' }, ':AA'),
  rule('jwt', { kind: 'jwt' }, 'eyJ'),
  rule('private_key', { kind: 'pem' }, '-----BEGIN '),
  rule('url_password', { kind: 'url' }, '://'),
];

/** The characters after `Q~` in a client secret of Microsoft Entra ID. */
export const entraChars = base64url | dot | tilde;

/**
 * Names whose value is a secret, wherever they stand: `name = value`, `"name": "value"`. Found
 * without regard to case, at the beginning of a word or of a part of one (`DB_PASSWORD`,
 * `clientSecret`).
 */
export const keywordRules: readonly SecretRule[] = [
  rule(
    'password',
    { kind: 'assigned', strong: true },
    'password',
    'passwd',
    'passphrase',
    'pwd',
    'dbpassword',
    'dbpass',
    'userpassword',
    'adminpassword',
    'rootpassword',
    'mypassword',
  ),
  rule(
    'assigned',
    { kind: 'assigned', strong: false },
    'secret',
    'token',
    'api_key',
    'api-key',
    'apikey',
    'access_key',
    'access-key',
    'accesskey',
    'auth_key',
    'authkey',
    'private_key',
    'privatekey',
    'encryption_key',
    'signing_key',
    'account_key',
    'master_key',
    'credential',
    'authtoken',
    'accesstoken',
    'bottoken',
    'clientsecret',
    'appsecret',
  ),
  rule(
    'authorization',
    { kind: 'header' },
    'bearer ',
    'authorization: basic ',
    'authorization: token ',
  ),
  rule(
    'plain',
    { kind: 'plain' },
    'page_token',
    'pagetoken',
    'next_token',
    'nexttoken',
    'sync_token',
    'synctoken',
    'continuation_token',
    'continuationtoken',
    'resume_token',
    'public_token',
    'pad_token',
    'eos_token',
    'bos_token',
    'unk_token',
    'sep_token',
    'mask_token',
    'cls_token',
    'special_token',
  ),
];
