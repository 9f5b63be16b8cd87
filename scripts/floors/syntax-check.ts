import { parseSync } from '@swc/core';
import { listens } from './floors.ts';
import { isTest, type SourceFile } from './source-file.ts';
import type { Violation } from './violation.ts';

type Node = Readonly<Record<string, unknown>> & { readonly type: string };
type Rule = (node: Node, room: string) => string | undefined;

const sockets = /^(node:)?(http|https|http2|net|tls|dgram)$/;
const clients =
  /^(request|get|connect|createConnection|Agent|globalAgent|ClientRequest|Socket|TLSSocket|WebSocket|createSocket)$/;
const servers = /^(createServer|createSecureServer|Server|createSocket)$/;
const reaching = /^(fetch|WebSocket|EventSource|XMLHttpRequest)$/;
const everything = /^(globalThis|global|self|window)$/;

const rules: Readonly<Record<string, Rule>> = {
  'no-hidden-import': hiddenImport,
  'sockets-by-name': socketByName,
  'no-global-client': globalClient,
};

/** What the product reaches past its imports, where dependency-cruiser cannot see it. */
export function brokenSyntax(files: readonly SourceFile[]): readonly Violation[] {
  return files
    .filter(({ path }) => path.startsWith('src/') && !isTest(path))
    .flatMap(({ path, text }) => {
      const found: Violation[] = [];
      const room = path === 'src/main.ts' ? 'main' : (path.split('/')[1] ?? '');
      const tree = parseSync(text, {
        syntax: 'typescript',
        tsx: path.endsWith('x'),
        target: 'es2024',
      });
      walk(tree, (node) => {
        for (const [rule, check] of Object.entries(rules)) {
          const message = check(node, room);
          if (message !== undefined) found.push({ file: path, rule, message });
        }
      });
      return found;
    });
}

function walk(tree: unknown, visit: (node: Node) => void): void {
  const open: unknown[] = [tree];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    if (isNode(next)) visit(next);
    open.push(
      ...Object.values(next).filter((value) => typeof value === 'object' && value !== null),
    );
  }
}

function hiddenImport(node: Node): string | undefined {
  if (node.type === 'TsImportType') return 'import a type at the top of the file, not in place';
  if (node.type === 'Identifier' && node['value'] === 'getBuiltinModule') {
    return '`getBuiltinModule` hides an import';
  }
  if (node.type !== 'CallExpression' || nodeAt(node, 'callee')?.type !== 'Import') return undefined;
  const [first] = node['arguments'] as readonly { readonly expression: Node }[];
  if (first?.expression.type === 'StringLiteral') return undefined;
  return 'the argument of `import()` is a literal, so that the floors can be checked';
}

function socketByName(node: Node, room: string): string | undefined {
  if (node.type !== 'ImportDeclaration' || node['typeOnly'] === true || room === 'main')
    return undefined;
  const source = String(nodeAt(node, 'source')?.['value']);
  if (!sockets.test(source)) return undefined;
  const banned = [
    ...(room === 'upstream' ? [] : [clients]),
    ...(listens.includes(room) ? [] : [servers]),
  ];
  for (const specifier of node['specifiers'] as readonly Node[]) {
    if (specifier['isTypeOnly'] === true) continue;
    if (specifier.type !== 'ImportSpecifier') {
      return `import what you need from \`${source}\` by name`;
    }
    const name = String((nodeAt(specifier, 'imported') ?? nodeAt(specifier, 'local'))?.['value']);
    if (banned.some((names) => names.test(name))) {
      return `\`${name}\` of \`${source}\`: only upstream calls, only ${listens.join(', ')} listen`;
    }
  }
  return undefined;
}

function globalClient(node: Node, room: string): string | undefined {
  if (room === 'upstream' || room === 'main') return undefined;
  const message = 'only upstream reaches out; take `fetch` as a parameter';
  if (node.type === 'MemberExpression' && isEverything(nodeAt(node, 'object'))) {
    const property = nodeAt(node, 'property');
    if (property?.type === 'Computed') return 'name the property of the global object';
    return reaching.test(String(property?.['value'])) ? message : undefined;
  }
  const taken = node.type === 'VariableDeclarator' && isEverything(nodeAt(node, 'init'));
  return taken ? 'do not take the global object apart' : undefined;
}

function isEverything(node: Node | undefined): boolean {
  return node?.type === 'Identifier' && everything.test(String(node['value']));
}

function nodeAt(node: Node, key: string): Node | undefined {
  const value = node[key];
  return isNode(value) ? value : undefined;
}

function isNode(value: unknown): value is Node {
  return (
    typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
  );
}
