import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withTree } from './tree.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const lines = (count: number) => 'void 0;\n'.repeat(count);
const functionOf = (count: number) => `export function run(): void {\n${lines(count - 2)}}\n`;

const files = {
  'biome.json': readFileSync(join(root, 'biome.json'), 'utf8'),
  'src/guard/long-function.ts': functionOf(61),
  'src/guard/full-function.ts': functionOf(60),
  'src/guard/long-function.test.ts': functionOf(61),
  'src/guard/long-file.ts': lines(301),
  'src/guard/full-file.ts': lines(300),
  'src/guard/fetching.ts': "export const page = () => fetch('https://example.org');\n",
  'src/guard/listening.ts': "export const socket = () => new WebSocket('wss://example.org');\n",
  'src/guard/given.ts': 'export type Fetch = typeof globalThis.fetch;\n',
  'src/upstream/fetching.ts': "export const page = () => fetch('https://example.org');\n",
  'src/guard/fetching.test.ts': "export const page = () => fetch('https://example.org');\n",
  'src/guard/snake_case.ts': 'export const value = 1;\n',
  'src/guard/printing.ts': "export const print = () => console.log('x');\n",
  'src/guard/nameless.ts': 'export default 1;\n',
};

test('the style rules fire on what is too long, reaches out, prints or has no name', async () => {
  const found = await withTree(files, (folder) => {
    const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
    const args = [biome, 'lint', '--reporter=json', '--max-diagnostics=none', '.'];
    return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' }).stdout;
  });
  const report: Report = JSON.parse(found);
  const broken = report.diagnostics.map(({ category, location }) => {
    const path = typeof location.path === 'string' ? location.path : location.path.file;
    return `${path.replace(/^\.\//, '')} ${category.split('/').at(-1)}`;
  });
  assert.deepEqual(broken.sort(), [
    'src/guard/fetching.ts noRestrictedGlobals',
    'src/guard/listening.ts noRestrictedGlobals',
    'src/guard/long-file.ts noExcessiveLinesPerFile',
    'src/guard/long-function.ts noExcessiveLinesPerFunction',
    'src/guard/nameless.ts noDefaultExport',
    'src/guard/printing.ts noConsole',
    'src/guard/snake_case.ts useFilenamingConvention',
  ]);
});

interface Report {
  readonly diagnostics: readonly {
    readonly category: string;
    readonly location: { readonly path: string | { readonly file: string } };
  }[];
}
