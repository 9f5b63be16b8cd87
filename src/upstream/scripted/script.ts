import { readFileSync } from 'node:fs';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { GatehouseError } from '../../kernel/index.ts';

const piece = z.union([
  z.string(),
  z.strictObject({ text: z.string(), delayMs: z.int().min(0).max(60_000).default(0) }),
]);

const usage = z.strictObject({ input: z.int().min(0), output: z.int().min(0) });

const toolCall = z.strictObject({
  name: z.string().min(1).max(64),
  arguments: z.record(z.string(), z.json()).default({}),
});

const spoken = z.strictObject({
  text: z.string().optional(),
  chunks: z.array(piece).min(1).optional(),
  toolCalls: z.array(toolCall).min(1).optional(),
  usage: usage.optional(),
});

const failed = z.strictObject({
  error: z.strictObject({
    status: z.int().min(400).max(599),
    message: z.string().default('the script says so'),
    retryAfter: z.int().min(0).optional(),
  }),
});

const reply = z.union([failed, spoken]);

const rule = z.strictObject({
  when: z
    .strictObject({ model: z.string().optional(), contains: z.string().min(1).optional() })
    .default({}),
  reply,
});

const scriptShape = z.strictObject({
  models: z.array(z.string().min(1).max(200)).min(1),
  rules: z.array(rule).default([]),
});

/**
 * What a scripted upstream knows. The file is YAML or JSON:
 *
 * ```yaml
 * models: [scripted-small, scripted-large]   # what it serves; any other model is "not found"
 * rules:                                     # the first rule that matches answers
 *   - when: { model: scripted-small, contains: weather }   # both optional; `contains` looks for
 *     reply:                                 # plain text in the last message of the user
 *       toolCalls: [{ name: get_weather, arguments: { city: Bern } }]
 *   - when: { contains: slowly }
 *     reply:
 *       chunks: ['one ', { text: 'two', delayMs: 50 }]     # the pieces of a stream
 *       usage: { input: 5, output: 2 }       # tokens; estimated if absent
 *   - when: { contains: overload }
 *     reply: { error: { status: 529, message: overloaded, retryAfter: 1 } }
 *   - reply: { text: 'I got: {message}' }   # {message}: the last message of the user, as it came
 * ```
 *
 * A message that no rule matches is answered by a sentence that says that this is a script.
 */
export type Script = z.output<typeof scriptShape>;
export type Rule = z.output<typeof rule>;
export type Spoken = z.output<typeof spoken>;

/**
 * Reads a script from a file.
 *
 * @throws GatehouseError `bad_config` that names the file, the line and the member at fault.
 */
export function readScript(path: string): Script {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new GatehouseError('bad_config', `script \`${path}\` cannot be read; check the path`);
  }
  return parseScript(text, path);
}

/** Parses a script; `path` is for error messages. @throws GatehouseError `bad_config`. */
export function parseScript(text: string, path: string): Script {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const broken = document.errors[0];
  if (broken !== undefined) {
    throw bad(path, lines.linePos(broken.pos[0]).line, `is no YAML (\`${broken.code}\`)`);
  }
  const parsed = scriptShape.safeParse(plain(document, path));
  if (parsed.success) return parsed.data;
  const issue = deepest(parsed.error.issues[0] as z.core.$ZodIssue, []);
  const member = issue.path.length === 0 ? 'the script' : `\`${issue.path.join('.')}\``;
  const what = `has a fault at ${member}: ${issue.message.toLowerCase()}`;
  throw bad(path, lineAt(document, lines, issue.path), what);
}

function plain(document: Document, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    throw bad(path, 1, 'uses too many aliases');
  }
}

interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** A union reports each branch; the branch that got furthest is the one that was meant. */
function deepest(issue: z.core.$ZodIssue, base: readonly PropertyKey[]): Fault {
  const path = [...base, ...issue.path];
  if (issue.code !== 'invalid_union') return { path, message: issue.message };
  const faults = issue.errors.flat().map((inner) => deepest(inner, path));
  faults.sort((a, b) => b.path.length - a.path.length);
  return faults[0] ?? { path, message: issue.message };
}

function lineAt(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function bad(path: string, line: number, what: string): GatehouseError {
  return new GatehouseError('bad_config', `script \`${path}:${line}\` ${what}; mend the file`);
}
