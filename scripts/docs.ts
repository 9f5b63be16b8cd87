import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configJsonSchema } from '../src/surface/index.ts';

// node scripts/docs.ts   writes what the documentation takes from the source

const root = fileURLToPath(new URL('..', import.meta.url));
const page = 'docs/configuration.md';
const marks = [
  '<!-- settings: written by scripts/docs.ts -->',
  '<!-- end of settings -->',
] as const;

/** A node of a JSON Schema, as far as the table of settings looks. */
interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
  readonly additionalProperties?: Node | boolean;
}

/** One setting: its path, its default as text, and what it means. */
export interface Setting {
  readonly path: string;
  readonly initial: string;
  readonly meaning: string;
}

/** Every setting under a node, in the order of the schema. A setting is what has a description. */
export function settingsIn(node: Node, path: string, need = ''): readonly Setting[] {
  // A member that is required within something optional is required with it.
  const inside = node.description === undefined ? 'required' : `required in \`${path}\``;
  const below = Object.entries(node.properties ?? {}).flatMap(([key, child]) =>
    settingsIn(child, `${path}.${key}`, node.required?.includes(key) ? inside : ''),
  );
  if (below.length > 0) return below;
  const { items, additionalProperties: values } = node;
  if (items?.properties !== undefined) return settingsIn(items, `${path}[]`);
  if (typeof values === 'object' && values.properties !== undefined) {
    return settingsIn(values, `${path}.NAME`);
  }
  const said = node.description ?? '';
  const choices = (node.enum ?? []).map((one) => `\`${one}\``);
  // Choices that the description does not speak of are listed before it.
  const unsaid = choices.some((one) => !said.includes(one));
  const meaning = unsaid ? `${choices.join(', ')}: ${said}` : said;
  return [{ path, initial: need || initialOf(node), meaning }];
}

function initialOf(node: Node): string {
  return node.default === undefined
    ? ''
    : `\`${JSON.stringify(node.default).replaceAll('"', '')}\``;
}

/** The tables of settings, one for each first member of the configuration. */
export function settingsTables(schema: Node): string {
  const tables = Object.entries(schema.properties ?? {}).map(([key, node]) => {
    const rows = settingsIn(node, key).map(
      ({ path, initial, meaning }) => `| \`${path}\` | ${initial} | ${meaning} |\n`,
    );
    return `\n### \`${key}\`\n\n| setting | default | meaning |\n| --- | --- | --- |\n${rows.join('')}`;
  });
  return `${tables.join('')}\n`;
}

/** What the files of the documentation that come from the source must hold, by their paths. */
export function generatedDocs(): ReadonlyMap<string, string> {
  const schema = configJsonSchema();
  const text = readFileSync(`${root}${page}`, 'utf8');
  const [begin, end] = marks.map((mark) => text.indexOf(mark)) as [number, number];
  if (begin < 0 || end < begin) throw new Error(`\`${page}\` has lost its marks \`${marks[0]}\``);
  const written =
    text.slice(0, begin + marks[0].length + 1) + settingsTables(schema) + text.slice(end);
  return new Map([
    ['docs/gatehouse.schema.json', `${printed(schema)}\n`],
    [page, written],
  ]);
}

/** JSON as the formatter leaves it: short lists on one line. */
function printed(value: object): string {
  return JSON.stringify(value, null, 2).replaceAll(/\[\n([^[\]{}]*)\n *\]/g, (_, items: string) => {
    const words = items.split('\n').map((line) => line.trim());
    return `[${words.join(' ')}]`;
  });
}

if (import.meta.main) {
  for (const [path, text] of generatedDocs()) writeFileSync(`${root}${path}`, text);
}
