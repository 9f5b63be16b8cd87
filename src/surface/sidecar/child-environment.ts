type Env = Readonly<Record<string, string | undefined>>;

/** What stands where a key belongs: clients insist on one, and this one opens nothing. */
export const placeholder = 'gatehouse-placeholder';

// Credentials of model providers that their clients, and those of others, read by themselves.
const providerSecrets = new Set([
  'ANTHROPIC_AUTH_TOKEN',
  'ANTHROPIC_CUSTOM_HEADERS',
  'ANTHROPIC_ENVIRONMENT_KEY',
  'ANTHROPIC_FEDERATION_RULE_ID',
  'ANTHROPIC_IDENTITY_TOKEN',
  'ANTHROPIC_IDENTITY_TOKEN_FILE',
  'ANTHROPIC_PROFILE',
  'ANTHROPIC_WEBHOOK_SIGNING_KEY',
  'ANTHROPIC_WORK_SECRET',
  'AWS_BEARER_TOKEN_BEDROCK',
  'AZURE_OPENAI_AD_TOKEN',
  'AZURE_OPENAI_API_KEY',
  'CO_API_KEY',
  'COHERE_API_KEY',
  'DEEPSEEK_API_KEY',
  'FIREWORKS_API_KEY',
  'GEMINI_API_KEY',
  'GOOGLE_API_KEY',
  'GROQ_API_KEY',
  'MISTRAL_API_KEY',
  'OPENAI_ADMIN_KEY',
  'OPENAI_CUSTOM_HEADERS',
  'OPENAI_WEBHOOK_SECRET',
  'OPENROUTER_API_KEY',
  'PERPLEXITY_API_KEY',
  'TOGETHER_API_KEY',
  'XAI_API_KEY',
]);

/**
 * The environment of a program that is run: everything that it would have, but for what Gatehouse
 * keeps there (all of GATEHOUSE_*), and for the keys of providers and of `upstreamKeys`. In their
 * place stand the sidecar's address and a placeholder.
 */
export function childEnvironment(
  env: Env,
  sidecar: string,
  upstreamKeys: readonly string[] = [],
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || providerSecrets.has(name) || upstreamKeys.includes(name)) continue;
    if (!name.startsWith('GATEHOUSE_')) kept[name] = value;
  }
  return {
    ...kept,
    OPENAI_BASE_URL: `${sidecar}/v1`,
    OPENAI_API_KEY: placeholder,
    ANTHROPIC_BASE_URL: sidecar,
    ANTHROPIC_API_KEY: placeholder,
    NO_PROXY: direct(env['NO_PROXY']),
    no_proxy: direct(env['no_proxy']),
  };
}

/** Loopback is not asked of a proxy. */
function direct(list: string | undefined): string {
  const hosts = (list ?? '').split(',').map((host) => host.trim());
  return [...new Set([...hosts, '127.0.0.1', 'localhost'])].filter((host) => host !== '').join(',');
}
