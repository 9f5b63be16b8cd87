import { parseDocument } from 'yaml';
import { GatehouseError } from '../../kernel/index.ts';
import { type Config, configSchema } from './schema.ts';

type Tree = Record<string, unknown>;
type Env = Readonly<Record<string, string | undefined>>;

/** Variables that start with this belong to other parts (the bootstrap, the command line, tests). */
const elsewhere = /^GATEHOUSE_(URL|TOKEN|TEST_.*|CONFIG|SETUP_.*|RUNTIME.*)$/;

/**
 * Reads a configuration from YAML text and the environment. `GATEHOUSE_GATEWAY__LISTEN` overrides
 * `gateway.listen`: two underscores step down, names compare without case, values are YAML.
 * `DATABASE_URL` stands for `store.url`.
 *
 * @throws GatehouseError `bad_config` that names each path, value and mend.
 */
export function loadConfig(text: string, source: string, env: Env): Config {
  const document = parseDocument(text, { prettyErrors: true, uniqueKeys: true });
  const [broken] = document.errors;
  if (broken !== undefined) {
    throw new GatehouseError('bad_config', `\`${source}\` is not valid YAML: ${broken.message}`);
  }
  const tree: unknown = document.toJS({ maxAliasCount: 50 }) ?? {};
  if (typeof tree !== 'object' || Array.isArray(tree)) {
    throw new GatehouseError(
      'bad_config',
      `\`${source}\` must hold settings, such as \`gateway:\``,
    );
  }
  const settings = tree as Tree;
  if (env['DATABASE_URL'] !== undefined) put(settings, ['store', 'url'], env['DATABASE_URL']);
  for (const [key, value] of Object.entries(env)) {
    if (!key.startsWith('GATEHOUSE_') || elsewhere.test(key) || value === undefined) continue;
    override(settings, key, value);
  }
  const result = configSchema.safeParse(settings, { reportInput: true });
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `  ${described(issue)}`);
  throw new GatehouseError('bad_config', `\`${source}\` does not fit:\n${lines.join('\n')}`);
}

function override(settings: Tree, key: string, value: string): void {
  const path = key.slice('GATEHOUSE_'.length).split('__');
  const known = resolved(path);
  if (known === null) {
    const mend = 'see `gatehouse config schema` for the names, or unset it';
    throw new GatehouseError('bad_config', `\`${key}\` names no setting; ${mend}`);
  }
  put(settings, known, parseDocument(value).toJS());
}

/** The path in the schema's own spelling; names below a record (an upstream) go as they are. */
function resolved(path: readonly string[]): readonly string[] | null {
  let shape: unknown = configSchema;
  const found: string[] = [];
  for (const step of path) {
    const fields = fieldsOf(shape);
    if (fields === 'any') {
      found.push(step.toLowerCase());
      shape = entriesOf(shape);
      continue;
    }
    const name = fields === null ? undefined : Object.keys(fields).find((key) => same(key, step));
    if (fields === null || name === undefined) return null;
    found.push(name);
    shape = fields[name];
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
  return a.toLowerCase() === b.replaceAll('_', '').toLowerCase();
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

function described(issue: {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly input?: unknown;
}): string {
  const path = issue.path.length === 0 ? 'the file' : issue.path.join('.');
  const shown = typeof issue.input === 'object' ? '' : ` \`${String(issue.input).slice(0, 80)}\``;
  return `${path}:${shown} ${issue.message}`;
}
