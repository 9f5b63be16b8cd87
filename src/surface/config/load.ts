import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { GatehouseError } from '../../kernel/index.ts';
import { type Config, configSchema } from './schema.ts';

type Tree = Record<string, unknown>;
type Env = Readonly<Record<string, string | undefined>>;

/** Variables that start with this belong to other parts (the bootstrap, the command line, tests). */
const elsewhere = /^GATEHOUSE_(URL|GATEWAY_URL|TOKEN|TEST_.*|CONFIG|SETUP_.*|RUNTIME.*)$/;

/**
 * Reads a configuration from YAML text and the environment. `GATEHOUSE_GATEWAY__LISTEN` overrides
 * `gateway.listen`: two underscores step down, names compare without case, values are YAML.
 * `DATABASE_URL` stands for `store.url`.
 *
 * @throws GatehouseError `bad_config` that names each path, value and mend.
 */
export function loadConfig(text: string, source: string, env: Env): Config {
  const tree: unknown = yaml(text, `\`${source}\``) ?? {};
  if (typeof tree !== 'object' || Array.isArray(tree)) {
    const message = `\`${source}\` must hold settings, such as \`gateway:\``;
    throw new GatehouseError('bad_config', message);
  }
  const settings = tree as Tree;
  if (env['DATABASE_URL'] !== undefined) put(settings, ['store', 'url'], env['DATABASE_URL']);
  for (const [key, value] of Object.entries(env)) {
    if (!key.startsWith('GATEHOUSE_') || elsewhere.test(key) || value === undefined) continue;
    override(settings, key, value);
  }
  const result = configSchema.safeParse(settings, { reportInput: true });
  if (result.success) return result.data;
  const lines = result.error.issues.flatMap(described).map((line) => `  ${line}`);
  throw new GatehouseError('bad_config', `\`${source}\` does not fit:\n${lines.join('\n')}`);
}

function yaml(text: string, what: string): unknown {
  const document = parseDocument(text, { uniqueKeys: true });
  const [broken] = document.errors;
  try {
    if (broken === undefined) return document.toJS({ maxAliasCount: 50 });
  } catch (cause) {
    throw new GatehouseError('bad_config', `${what} uses too many aliases`, { cause });
  }
  // The first line alone: what follows it quotes the text, and with it perhaps a secret.
  const [told = ''] = broken.message.split('\n');
  throw new GatehouseError('bad_config', `${what} is not valid YAML: ${told.replace(/:$/, '')}`);
}

function override(settings: Tree, key: string, value: string): void {
  const path = key.slice('GATEHOUSE_'.length).split('__');
  const known = resolved(path, settings);
  if (known === null) {
    const mend = 'see `gatehouse config schema` for the names, or unset it';
    throw new GatehouseError('bad_config', `\`${key}\` names no setting; ${mend}`);
  }
  put(settings, known, yaml(value, `\`${key}\``));
}

/** The path in the spelling of the schema, and for names of one's own (an upstream) of the file. */
function resolved(path: readonly string[], settings: Tree): readonly string[] | null {
  let shape: unknown = configSchema;
  let node: unknown = settings;
  const found: string[] = [];
  for (const step of path) {
    const fields = fieldsOf(shape);
    const names = Object.keys(fields === 'any' ? ((node ?? {}) as Tree) : (fields ?? {}));
    const name = names.find((one) => same(one, step));
    if (fields === 'any') shape = entriesOf(shape);
    else if (name === undefined) return null;
    else shape = fields?.[name];
    found.push(name ?? step.toLowerCase());
    node = (node as Tree | null | undefined)?.[found.at(-1) as string];
  }
  return found;
}

interface Inside {
  readonly type: string;
  readonly innerType?: unknown;
  readonly shape?: Record<string, unknown>;
  readonly valueType?: unknown;
}

function inside(schema: unknown): Inside {
  let def = (schema as { def: Inside }).def;
  while (def.innerType !== undefined) def = (def.innerType as { def: Inside }).def;
  return def;
}

function fieldsOf(schema: unknown): Record<string, unknown> | 'any' | null {
  const def = inside(schema);
  return def.type === 'record' ? 'any' : (def.shape ?? null);
}

function entriesOf(schema: unknown): unknown {
  return inside(schema).valueType;
}

function same(a: string, b: string): boolean {
  return (
    a.toLowerCase() === b.toLowerCase() || a.toLowerCase() === b.replaceAll('_', '').toLowerCase()
  );
}

function put(tree: Tree, path: readonly string[], value: unknown): void {
  let node = tree;
  for (const step of path.slice(0, -1)) {
    const next = node[step];
    if (typeof next !== 'object' || next === null) node[step] = {};
    node = node[step] as Tree;
  }
  node[path.at(-1) as string] = value;
}

function described(issue: z.core.$ZodIssue): readonly string[] {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const below = path === '' ? '' : `${path}.`;
    const mend = 'there is no such setting; check its spelling and place, or remove it';
    return issue.keys.map((key) => `\`${below}${key}\`: ${mend}`);
  }
  const said = issue.message.replace(/^Invalid input: /, '');
  const told = said.charAt(0).toLowerCase() + said.slice(1);
  return [`\`${path}\`${shown(issue)}: ${told}`];
}

// INVARIANT: what stands where a secret or a header belongs is not repeated.
function shown({ path, input }: z.core.$ZodIssue): string {
  const mayBeSecret = path.includes('key') || path.includes('headers') || path.at(-1) === 'url';
  if (mayBeSecret || input === undefined || (typeof input === 'object' && input !== null))
    return '';
  return ` is \`${String(input).slice(0, 80)}\``;
}
