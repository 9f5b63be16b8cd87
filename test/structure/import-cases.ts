import { type Case, imports, importsType, value } from './structure-case.ts';

/** One case or more for every rule on imports. */
export const importCases: readonly Case[] = [
  {
    rule: 'floor-kernel',
    what: 'a type-only import that runs up',
    broken: { 'src/kernel/a.ts': importsType('../store/index.ts'), 'src/store/index.ts': value },
    clean: { 'src/store/a.ts': importsType('../kernel/index.ts'), 'src/kernel/index.ts': value },
  },
  {
    rule: 'floor-store',
    what: 'an inline type import that runs up',
    broken: {
      'src/store/a.ts':
        "import { type Value } from '../ledger/index.ts';\nexport type A = Value;\n",
      'src/ledger/index.ts': value,
    },
    clean: {
      'src/ledger/a.ts':
        "import { type Value } from '../store/index.ts';\nexport type A = Value;\n",
      'src/store/index.ts': value,
    },
  },
  {
    rule: 'floor-ledger',
    what: 'a re-exported type that runs up',
    broken: {
      'src/ledger/a.ts': "export type { Value } from '../policy/index.ts';\n",
      'src/policy/index.ts': value,
    },
    clean: {
      'src/policy/a.ts': "export type { Value } from '../ledger/index.ts';\n",
      'src/ledger/index.ts': value,
    },
  },
  {
    rule: 'floor-guard',
    what: 'a dynamic import of a sibling',
    broken: {
      'src/guard/a.ts': "export const later = () => import('../policy/index.ts');\n",
      'src/policy/index.ts': value,
    },
    clean: {
      'src/guard/a.ts': "export const later = () => import('../ledger/index.ts');\n",
      'src/ledger/index.ts': value,
    },
  },
  {
    rule: 'no-circle',
    what: 'two files that know each other only by type',
    broken: {
      'src/store/a.ts': "import type { B } from './b.ts';\nexport type A = B;\n",
      'src/store/b.ts': "import type { A } from './a.ts';\nexport type B = A | 1;\n",
    },
    clean: {
      'src/store/a.ts': "import type { B } from './b.ts';\nexport type A = B;\n",
      'src/store/b.ts': 'export type B = 1;\n',
    },
  },
  {
    rule: 'kernel-alone',
    what: 'the kernel with a module of Node',
    broken: { 'src/kernel/a.ts': "import { join } from 'node:path';\nexport const a = join;\n" },
    clean: {
      'src/store/a.ts': "import { join } from 'node:path';\nexport const a = join;\n",
      'src/kernel/a.test.ts': "import { join } from 'node:path';\nexport const a = join;\n",
    },
  },
  {
    rule: 'kernel-alone',
    what: 'the kernel with a package',
    broken: { 'src/kernel/a.ts': "import { z } from 'zod';\nexport const a = z;\n" },
    clean: { 'src/policy/a.ts': "import { z } from 'zod';\nexport const a = z;\n" },
  },
  {
    rule: 'door-only',
    what: 'an import past the door of another room',
    broken: { 'src/store/a.ts': imports('../kernel/b.ts'), 'src/kernel/b.ts': value },
    clean: { 'src/store/a.ts': imports('../kernel/index.ts'), 'src/kernel/index.ts': value },
  },
  {
    rule: 'door-only',
    what: 'the door of a folder inside another room',
    broken: { 'src/ledger/a.ts': imports('../store/b/index.ts'), 'src/store/b/index.ts': value },
    clean: {
      'src/ledger/a.ts': imports('../store/index.ts'),
      'src/store/index.ts': "export { value } from './b/index.ts';\n",
      'src/store/b/index.ts': value,
    },
  },
  {
    rule: 'door-only-main',
    what: 'main past a door',
    broken: { 'src/main.ts': imports('./kernel/b.ts'), 'src/kernel/b.ts': value },
    clean: { 'src/main.ts': imports('./kernel/index.ts'), 'src/kernel/index.ts': value },
  },
  {
    rule: 'not-own-door',
    what: 'a file through the door of its own room',
    broken: { 'src/store/a.ts': imports('./index.ts'), 'src/store/index.ts': value },
    clean: {
      'src/store/a.ts': imports('./b.ts'),
      'src/store/b.ts': value,
      'src/store/a.test.ts': imports('./index.ts'),
      'src/store/index.ts': "export { value } from './b.ts';\n",
    },
  },
  {
    rule: 'upstream-reached-by-few',
    what: 'surface that reaches upstream',
    broken: { 'src/surface/a.ts': imports('../upstream/index.ts'), 'src/upstream/index.ts': value },
    clean: {
      'src/gateway/a.ts': imports('../upstream/index.ts'),
      'src/proving/a.ts': imports('../upstream/index.ts'),
      'src/main.ts': imports('./upstream/index.ts'),
      'src/upstream/index.ts': value,
    },
  },
  {
    rule: 'clients-in-upstream',
    what: 'an HTTP client outside upstream, by type only',
    broken: { 'src/gateway/a.ts': "import type { Pool } from 'undici';\nexport type A = Pool;\n" },
    clean: { 'src/upstream/a.ts': "import type { Pool } from 'undici';\nexport type A = Pool;\n" },
  },
  {
    rule: 'clients-in-upstream',
    what: 'TLS and datagrams outside upstream',
    broken: { 'src/policy/a.ts': "export { connect } from 'node:tls';\n" },
    clean: { 'src/upstream/a.ts': "export { connect } from 'node:tls';\n" },
  },
  ...['http', 'https', 'http2', 'net'].map((name) => ({
    rule: 'sockets-in-few',
    what: `node:${name} in a room that neither calls nor listens`,
    broken: {
      'src/store/a.ts': `import type { Server } from 'node:${name}';\nexport type A = Server;\n`,
    },
    clean: {
      'src/gateway/a.ts': `import { createServer } from 'node:${name}';\nexport const a = createServer;\n`,
      'src/store/a.test.ts': `import { createServer } from 'node:${name}';\nexport const a = createServer;\n`,
    },
  })),
  {
    rule: 'servers-in-few',
    what: 'a listening package in a room that does not listen',
    broken: {
      'src/policy/a.ts': "import { serve } from '@hono/node-server';\nexport const a = serve;\n",
    },
    clean: {
      'src/surface/a.ts': "import { serve } from '@hono/node-server';\nexport const a = serve;\n",
    },
  },
  {
    rule: 'protocol-clients-in-tour',
    what: 'an official client on the path of a request',
    broken: { 'src/gateway/a.ts': "import OpenAI from 'openai';\nexport const a = OpenAI;\n" },
    clean: { 'src/surface/a.ts': "import OpenAI from 'openai';\nexport const a = OpenAI;\n" },
  },
  {
    rule: 'main-is-top',
    what: 'an import of main',
    broken: { 'src/surface/a.ts': imports('../main.ts'), 'src/main.ts': value },
    clean: {
      'src/main.ts': imports('./main/house.ts'),
      'src/main/house.ts': imports('../surface/index.ts'),
      'src/surface/index.ts': value,
    },
  },
  {
    rule: 'console-sees-contract',
    what: 'the console with a room of the server',
    broken: { 'console/a.ts': imports('../src/kernel/index.ts'), 'src/kernel/index.ts': value },
    clean: {
      'console/a.ts': imports('../src/surface/contract/index.ts'),
      'src/surface/contract/index.ts': value,
    },
  },
  {
    rule: 'contract-is-zod',
    what: 'a contract that a browser cannot load',
    broken: {
      'src/surface/contract/a.ts': imports('../../kernel/index.ts'),
      'src/kernel/index.ts': value,
    },
    clean: { 'src/surface/contract/a.ts': "import { z } from 'zod';\nexport const a = z;\n" },
  },
  {
    rule: 'product-alone',
    what: 'a product that imports a test',
    broken: { 'src/store/a.ts': imports('./b.test.ts'), 'src/store/b.test.ts': value },
    clean: {
      'src/store/a.test.ts': imports('../../test/b.ts'),
      'test/b.ts': value,
    },
  },
  {
    rule: 'no-dev-package',
    what: 'a product on a package for development',
    broken: { 'src/store/a.ts': "import fc from 'fast-check';\nexport const a = fc;\n" },
    clean: { 'src/store/a.test.ts': "import fc from 'fast-check';\nexport const a = fc;\n" },
  },
  {
    rule: 'resolvable',
    what: 'an import that leads nowhere',
    broken: { 'src/store/a.ts': imports('./gone.ts') },
    clean: { 'src/store/a.ts': imports('./b.ts'), 'src/store/b.ts': value },
  },
];
