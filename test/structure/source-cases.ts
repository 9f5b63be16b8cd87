import { type Case, importsType, value } from './structure-case.ts';

const uses = (what: string) => `export const used = () => ${what};\n`;

// Put together, so that this file does not hold what the rule looks for.
const disabling = [
  ['biome', 'ignore lint: x'],
  ['@ts', 'ignore'],
  ['@ts', 'expect-error'],
  ['@ts', 'nocheck'],
  ['eslint', 'disable'],
].map((parts) => parts.join('-'));

/** Cases for the rules on files and on what hides from the imports. */
export const sourceCases: readonly Case[] = [
  {
    rule: 'file-has-room',
    what: 'a room that the design does not know',
    broken: { 'src/extras/a.ts': value },
    clean: { 'src/guard/a.ts': value },
  },
  {
    rule: 'file-has-room',
    what: 'a file beside main',
    broken: { 'src/guard.ts': value },
    clean: { 'src/main.ts': value, 'src/main/house.ts': value },
  },
  ...['utils', 'string-helpers', 'key-manager', 'token-service', 'helpers/a'].map((name) => ({
    rule: 'file-has-name',
    what: `\`${name}\``,
    broken: { [`src/guard/${name}.ts`]: value },
    clean: { 'src/guard/utility-bill.ts': value },
  })),
  ...disabling.map((comment) => ({
    rule: 'no-disable-comment',
    what: comment,
    broken: { 'src/guard/a.ts': `// ${comment}\n${value}` },
    clean: { 'src/guard/a.ts': `// ignore, disable, expect-error\n${value}` },
  })),
  {
    rule: 'no-hidden-import',
    what: 'a type imported in place',
    broken: {
      'src/store/a.ts': "export type A = import('./b.ts').Value;\n",
      'src/store/b.ts': value,
    },
    clean: { 'src/store/a.ts': importsType('./b.ts'), 'src/store/b.ts': value },
  },
  {
    rule: 'no-hidden-import',
    what: 'a dynamic import whose path is not in the source',
    broken: { 'src/store/a.ts': 'export const load = (path: string) => import(path);\n' },
    clean: {
      'src/store/a.ts': "export const load = () => import('./b.ts');\n",
      'src/store/b.ts': value,
    },
  },
  {
    rule: 'no-hidden-import',
    what: 'a built-in module taken without an import',
    broken: { 'src/store/a.ts': uses("process.getBuiltinModule('node:net')") },
    clean: { 'src/store/a.ts': uses('process.version') },
  },
  {
    rule: 'sockets-by-name',
    what: 'a client in a room that listens',
    broken: {
      'src/gateway/a.ts': "import { request } from 'node:http';\nexport const a = request;\n",
    },
    clean: {
      'src/gateway/a.ts':
        "import { createServer } from 'node:http';\nexport const a = createServer;\n",
      'src/upstream/a.ts': "import { request } from 'node:http';\nexport const a = request;\n",
    },
  },
  {
    rule: 'sockets-by-name',
    what: 'the whole of node:net in a room that listens',
    broken: { 'src/surface/a.ts': "import net from 'node:net';\nexport const a = net;\n" },
    clean: {
      'src/surface/a.ts': "import type net from 'node:net';\nexport type A = net.Server;\n",
      'src/surface/b.ts':
        "import { isIP, type Socket } from 'node:net';\nexport type A = Socket;\nexport const b = isIP;\n",
    },
  },
  {
    rule: 'sockets-by-name',
    what: 'a server in the room that calls',
    broken: {
      'src/upstream/a.ts':
        "import { createServer as make } from 'node:http';\nexport const a = make;\n",
    },
    clean: {
      'src/upstream/a.ts': "import { request } from 'node:http';\nexport const a = request;\n",
    },
  },
  ...["globalThis.fetch('x')", "globalThis['fetch']", '{ const { fetch } = globalThis; }'].map(
    (code) => ({
      rule: 'no-global-client',
      what: code,
      broken: { 'src/gateway/a.ts': uses(code) },
      clean: {
        'src/gateway/a.ts': 'export interface A { readonly fetch: typeof globalThis.fetch }\n',
        'src/upstream/a.ts': uses(code),
        'src/gateway/a.test.ts': uses(code),
      },
    }),
  ),
  {
    rule: 'readable',
    what: 'syntax that would hide a file from the rules',
    broken: { 'src/store/a.ts': 'using a = null;\nexport const b = a;\n' },
    clean: { 'src/store/a.ts': 'export const b = null;\n' },
  },
];
