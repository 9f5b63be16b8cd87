import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withTree } from './tree.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));

const files = {
  'package.json': '{ "type": "module" }',
  'tsconfig.json': JSON.stringify({
    compilerOptions: { ...compilerOptions, types: [] },
    include: ['src'],
  }),
  'src/enum.ts': 'export enum Colour { red }\n',
  'src/property.ts': 'export class A { constructor(readonly a: number) {} }\n',
  'src/value-import.ts': "import { Shape } from './shape.ts';\nexport type A = Shape;\n",
  'src/index-access.ts': 'export const first = (list: number[]): number => list[0];\n',
  'src/optional.ts': 'export const a: { b?: number } = { b: undefined };\n',
  'src/any.ts': 'export const a = (b) => b;\n',
  'src/shape.ts': 'export interface Shape { readonly a: number }\n',
  'src/clean.ts':
    "import type { Shape } from './shape.ts';\nexport const a = (list: Shape[]) => list[0]?.a;\n",
};

test('the compiler refuses what Node cannot strip and what the house does not allow', async () => {
  const output = await withTree(files, (folder) => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    return spawnSync(process.execPath, [tsc, '-p', '.'], { cwd: folder, encoding: 'utf8' }).stdout;
  });
  const broken = output.match(/^src\/[\w-]+\.ts\(\d+,\d+\): error TS\d+/gm) ?? [];
  assert.deepEqual(broken.map((line) => line.replace(/\(.*error/, '')).sort(), [
    'src/any.ts TS7006',
    'src/enum.ts TS1294',
    'src/index-access.ts TS2322',
    'src/optional.ts TS2375',
    'src/property.ts TS1294',
    'src/value-import.ts TS1484',
  ]);
});
