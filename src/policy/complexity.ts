import { type PolicySources, schemaFile } from './sources.ts';

const deepest = 32;
const mostSigns = 600;
const mostStatements = 2_000;
// A condition nests in the one before it, each over several levels of Cedar's grammar.
const ifSigns = 3;

/** Why a source is not shown to Cedar. `where` is the file. */
export interface TooComplex {
  readonly where: string;
  readonly message: string;
}

/**
 * Sources that nest or chain further than Cedar's parser can follow: it is recursive, and runs in
 * WebAssembly, where an exhausted stack leaves it broken for every later decision of the process.
 *
 * INVARIANT: nothing that this finds is handed to Cedar. Cedar 4.x breaks at some 150 nested
 * brackets, 1,500 chained operators, 700 conditions in one another; the limits are well below.
 */
export function tooComplex({ schema, policies }: PolicySources): readonly TooComplex[] {
  const found: TooComplex[] = [];
  let statements = 0;
  for (const [where, text] of [[schemaFile, schema], ...Object.entries(policies)] as const) {
    const { depth, signs, ends, open } = measured(text, where === schemaFile ? '([{<' : '([{');
    statements += ends;
    if (depth > deepest) found.push({ where, message: `it nests deeper than ${deepest} brackets` });
    else if (signs > mostSigns) {
      found.push({ where, message: `one policy has over ${mostSigns} operators; split it` });
    } else if (open) found.push({ where, message: 'a text in quotes has no end' });
  }
  if (statements > mostStatements) {
    found.push({ where: '*', message: `there are over ${mostStatements} policies` });
  }
  return found;
}

/** The deepest nesting, the most operators in one statement, and how many statements end. */
function measured(text: string, openers: string) {
  let depth = 0;
  let deepestSeen = 0;
  let signs = 0;
  let most = 0;
  let ends = 0;
  for (let i = 0; i < text.length; i++) {
    const one = text[i] as string;
    if (one === '"') {
      i = stringEnd(text, i + 1);
      if (i === text.length) return { depth: deepestSeen, signs: most, ends, open: true };
    } else if (one === '/' && text[i + 1] === '/') {
      while (i < text.length && text[i] !== '\n' && text[i] !== '\r') i++;
    } else if (openers.includes(one)) {
      depth += 1;
      deepestSeen = Math.max(deepestSeen, depth);
    } else if (')]}'.includes(one) || (one === '>' && openers.includes('<'))) {
      depth = Math.max(0, depth - 1);
    } else if (one === ';') {
      ends += 1;
      signs = 0;
    } else if ('.+-*&|!=<>'.includes(one)) signs += 1;
    else if (one === 'i' && text[i + 1] === 'f') signs += ifSigns;
    most = Math.max(most, signs);
  }
  return { depth: deepestSeen, signs: most, ends, open: false };
}

function stringEnd(text: string, from: number): number {
  let i = from;
  while (i < text.length && text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
  return Math.min(i, text.length);
}
