import type { ICruiseOptions, IForbiddenRuleType } from 'dependency-cruiser';
import { floors, listens, outOfReach, place, reachesUpstream, rooms } from './floors.ts';

const tests = '\\.test\\.tsx?$';
const outside = '^(test|bench|scripts|bin|console)/';

/** Every rule on imports, type-only ones included. All are errors. */
export function importRules(): IForbiddenRuleType[] {
  return [...floorRules(), ...doorRules(), ...networkRules(), ...edgeRules()].map((rule) => ({
    ...rule,
    severity: 'error',
  }));
}

/** The options with which dependency-cruiser reads this checkout. */
export function cruiseOptions(): ICruiseOptions {
  return {
    ruleSet: { forbidden: importRules() },
    validate: true,
    // TypeScript 7 has no JavaScript API; swc's parser sees type-only imports as they are written.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(golden|dist)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
    },
    moduleSystems: ['es6', 'cjs'],
  };
}

function floorRules(): IForbiddenRuleType[] {
  const down = floors
    .flat()
    .filter((room) => room !== 'main')
    .map((room) => ({
      name: `floor-${room}`,
      comment: 'imports run down the floors only, and siblings never meet',
      from: { path: place(room), pathNot: tests },
      to: { path: outOfReach(room).map(place) },
    }));
  return [
    ...down,
    {
      name: 'no-circle',
      comment: 'files do not import each other in a circle, types included',
      from: {},
      to: { circular: true },
    },
    {
      name: 'kernel-alone',
      comment: 'the kernel imports nothing, not even Node',
      from: { path: place('kernel'), pathNot: tests },
      to: { pathNot: place('kernel') },
    },
  ];
}

function doorRules(): IForbiddenRuleType[] {
  const anyRoom = `^src/(${rooms.join('|')})/`;
  return [
    {
      name: 'door-only',
      comment: "another room is entered through its door, its folder's index.ts",
      from: { path: anyRoom },
      to: { path: anyRoom, pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$'] },
    },
    {
      name: 'door-only-main',
      comment: 'main too enters a room through its door',
      from: { path: place('main') },
      to: { path: anyRoom, pathNot: '^src/[^/]+/index\\.ts$' },
    },
    {
      name: 'not-own-door',
      comment: 'inside a room a file imports the file it needs, not its own door',
      from: { path: anyRoom, pathNot: [tests, '^src/[^/]+/index\\.ts$'] },
      to: { path: '^src/$1/index\\.ts$' },
    },
  ];
}

function networkRules(): IForbiddenRuleType[] {
  const inside = { path: '^src/' };
  return [
    {
      name: 'upstream-reached-by-few',
      comment: `only ${reachesUpstream.join(', ')} import upstream`,
      from: { ...inside, pathNot: [tests, ...[...reachesUpstream, 'upstream'].map(place)] },
      to: { path: place('upstream') },
    },
    {
      name: 'clients-in-upstream',
      comment: 'network calls are made in upstream alone',
      from: { ...inside, pathNot: [tests, place('main'), place('upstream')] },
      to: { path: ['^(node:)?(tls|dgram|inspector)$', ...packages('undici', 'ws', 'axios')] },
    },
    {
      name: 'sockets-in-few',
      comment: `only ${listens.join(', ')} listen, and upstream calls`,
      from: { ...inside, pathNot: [tests, ...[...listens, 'upstream'].map(place)] },
      to: { path: '^(node:)?(http|https|http2|net)$' },
    },
    {
      name: 'servers-in-few',
      comment: `only ${listens.join(', ')} listen`,
      from: { ...inside, pathNot: [tests, ...listens.map(place)] },
      to: { path: packages('@hono/node-server') },
    },
    {
      name: 'protocol-clients-in-tour',
      comment:
        'the official clients play the caller, in the tour; the product itself uses upstream',
      from: { ...inside, pathNot: [tests, place('main'), place('surface')] },
      to: { path: packages('openai', '@anthropic-ai/sdk') },
    },
  ];
}

function edgeRules(): IForbiddenRuleType[] {
  return [
    {
      name: 'main-is-top',
      comment: 'nothing imports main',
      from: { pathNot: place('main') },
      to: { path: place('main') },
    },
    {
      name: 'console-sees-contract',
      comment: 'the console imports only src/surface/contract',
      from: { path: '^console/' },
      to: { path: '^(src|test|bench|scripts)/', pathNot: '^src/surface/contract/' },
    },
    {
      name: 'contract-is-zod',
      comment: 'the contract imports only zod, so that a browser can load it',
      from: { path: '^src/surface/contract/', pathNot: tests },
      to: { pathNot: ['^src/surface/contract/', ...packages('zod')] },
    },
    {
      name: 'product-alone',
      comment: 'the product imports no test, bench, script or console',
      from: { path: '^src/', pathNot: tests },
      to: { path: [outside, tests] },
    },
    {
      name: 'no-dev-package',
      comment: 'the product runs on what package.json lists as dependencies',
      from: { path: '^src/', pathNot: tests },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'resolvable',
      comment: 'every import leads to a file or a package',
      from: {},
      to: { couldNotResolve: true },
    },
  ];
}

/** Matches packages whether or not they are installed. */
function packages(...names: readonly string[]): string[] {
  return names.map((name) => `(^|node_modules/)${name}(/|$)`);
}
