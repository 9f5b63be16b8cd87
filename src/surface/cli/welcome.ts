import { asCalled } from './command.ts';
import type { ControlFile } from './control-file.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** What a person reads when the product is up: where it is, and what to do next. */
export function welcome(word: ControlFile, first: boolean, env: Env): string {
  const lines = [
    'gatehouse is up',
    `  data plane     ${word.gateway}   point your clients here`,
    `  control plane  ${word.url}   API: ${word.url}/openapi.json`,
    ...(first && word.token !== null
      ? [`  setup token    ${word.token}   shown once; kept in control.json of the data folder`]
      : []),
    asCalled('  next           gatehouse agent create my-agent --owner you@example.org', env),
    ...providers(env),
  ];
  return `${lines.join('\n')}\n`;
}

/** How to point at a provider that this machine has a key for. */
function providers(env: Env): readonly string[] {
  const found = [
    ['OPENAI_API_KEY', 'openai'],
    ['ANTHROPIC_API_KEY', 'anthropic'],
    ['OLLAMA_HOST', 'ollama'],
  ].filter(([name]) => (env[name as string] ?? '') !== '');
  return found.map(
    ([name, upstream]) =>
      `  ${name} is set: uncomment \`${upstream}\` under upstreams and a model in gatehouse.yaml`,
  );
}
