import { type Document, isMap, isNode, parseDocument } from 'yaml';
import { Places } from './place.ts';
import type { PolicyFlaw } from './policy-set.ts';
import { type PolicyTest, testFile } from './policy-test.ts';

const longest = 1_000_000;
const mostAliases = 100;

/** A test with the place where it stands. */
export interface PlacedTest {
  readonly where: string;
  readonly test: PolicyTest;
}

/** What files of tests hold: the tests, or all that is wrong with the files. */
export interface TestFiles {
  readonly tests: readonly PlacedTest[];
  readonly errors: readonly PolicyFlaw[];
}

/** Reads files of tests (YAML 1.2, by name): strictly, so that no misspelt field tests nothing. */
export function readTests(files: Readonly<Record<string, string>>): TestFiles {
  const tests: PlacedTest[] = [];
  const errors: PolicyFlaw[] = [];
  for (const name of Object.keys(files).sort()) {
    const places = new Places(name, files[name] as string);
    const read = readFile(files[name] as string, places);
    if (Array.isArray(read)) errors.push(...read);
    else tests.push(...(read as TestFiles).tests);
  }
  return { tests, errors };
}

function readFile(text: string, places: Places): TestFiles | readonly PolicyFlaw[] {
  const flawAt = (at: number, message: string) => ({ where: places.at(at), message, help: null });
  if (text.length > longest)
    return [flawAt(0, `it is longer than ${longest} characters; split it`)];
  const parsed = documentOf(text);
  if (typeof parsed === 'string') return [flawAt(0, parsed)];
  const { document, value } = parsed;
  const broken = document.errors[0];
  if (broken !== undefined) {
    return [flawAt(broken.pos[0], broken.message.split('\n')[0] as string)];
  }
  const result = testFile.safeParse(value, { reportInput: false });
  if (!result.success) {
    return result.error.issues.map((issue) => {
      const keys = issue.code === 'unrecognized_keys' ? [issue.keys[0] as string] : [];
      const path = [...issue.path, ...keys];
      const problem = keys.length > 0 ? 'there is no such field' : issue.message;
      return flawAt(offset(document, path), `${named(value, path)}: ${problem}`);
    });
  }
  const { tests } = result.data;
  return {
    tests: tests.map((test, i) => ({ where: places.at(offset(document, ['tests', i])), test })),
    errors: [],
  };
}

// An alias is followed at most so often, and nesting too deep for the stack is told, not thrown.
function documentOf(text: string): { document: Document; value: unknown } | string {
  try {
    const document = parseDocument(text, { prettyErrors: true, merge: false });
    const value = document.errors.length > 0 ? null : document.toJS({ maxAliasCount: mostAliases });
    return { document, value };
  } catch (thrown) {
    const why = thrown instanceof RangeError ? 'it nests too deep' : (thrown as Error).message;
    return `it cannot be read: ${why.split('\n')[0]}`;
  }
}

function named(value: unknown, path: readonly PropertyKey[]): string {
  const [first, index, ...rest] = path;
  if (first !== 'tests' || typeof index !== 'number') return `field \`${path.join('.')}\``;
  const tests = (value as { tests: readonly unknown[] }).tests;
  const name = (tests[index] as { name?: unknown } | null)?.name;
  const which = typeof name === 'string' ? `\`${name}\`` : `${index + 1}`;
  return rest.length === 0 ? `test ${which}` : `test ${which}, field \`${rest.join('.')}\``;
}

/** Where the value at a path begins, or the nearest that is there. */
function offset(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const keys = path.slice(0, length);
    const parent: unknown = document.getIn(keys.slice(0, -1), true);
    const pair = isMap(parent) && parent.items.find(({ key }) => String(key) === keys.at(-1));
    const node: unknown = pair ? pair.key : document.getIn(keys, true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}
