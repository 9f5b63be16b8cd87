import { assignedValue, beginsWord, headerValue } from './assigned-shape.ts';
import { alnum, classOf, Runs } from './char-class.ts';
import { LiteralAutomaton } from './literal-automaton.ts';
import { pemShape } from './pem-shape.ts';
import { keywordRules, type SecretRule, secretRules } from './secret-rules.ts';
import { looksSecret } from './secret-value.ts';
import {
  entraShape,
  escaped,
  jwtShape,
  runShape,
  type Shape,
  type Span,
  telegramShape,
} from './token-shape.ts';
import { urlShape } from './url-shape.ts';

/** A secret's place in a text and what it is; overlapping ones are one with all their labels. */
export interface Secret {
  readonly start: number;
  readonly end: number;
  readonly labels: readonly string[];
}

export interface Scan {
  /** In order, and apart from one another. */
  readonly secrets: readonly Secret[];
  /** The offset before which nothing that follows can change `secrets`. */
  readonly settled: number;
  /** A private key has no end within reach. */
  readonly unterminated: boolean;
}

/**
 * `final`: no text follows. `known`: nothing that begins before this offset is looked for. In a
 * stream it is what was released: all that began in it was settled then, so it ended in it.
 */
export type SecretScan = (text: string, final: boolean, known: number) => Scan;

interface Literal {
  readonly rule: SecretRule;
  readonly text: string;
  readonly keyword: boolean;
  /** May stand inside a word. */
  readonly free: boolean;
}

/** The text that is being scanned, and where the last value given to a keyword ended. */
interface Told {
  readonly text: string;
  readonly final: boolean;
  readonly runs: Runs;
  valueFrom: number;
  valueEnd: number;
  inValue: number;
  /** Stretches that count as one: to judge a part of one alone could say another thing. */
  readonly whole: { readonly from: number; readonly end: number }[];
}

const mostInValue = 8;

interface Found {
  /** Where the literal begins that told of it: what a later scan must see to find it again. */
  from: number;
  start: number;
  end: number;
  labels: string[];
}

/** Compiles the rules. All literals are found in one pass; what follows them is told by hand. */
export function secretScan(): SecretScan {
  const literals: Literal[] = [];
  for (const rule of [...secretRules, ...keywordRules]) {
    const { kind } = rule.shape;
    const keyword = kind === 'assigned' || kind === 'header' || kind === 'plain';
    // These begin with a sign, so that any character may stand before them.
    const free =
      ['url', 'pem', 'telegram', 'entra'].includes(kind) || rule.literals[0] === '.atlasv1.';
    for (const text of rule.literals) literals.push({ rule, text, keyword, free });
  }
  const automaton = new LiteralAutomaton(literals.map(({ text }) => text));
  return (text, final, known) => scan(automaton, literals, text, final, known);
}

function scan(
  automaton: LiteralAutomaton,
  literals: readonly Literal[],
  text: string,
  final: boolean,
  known: number,
): Scan {
  const found: Found[] = [];
  const told: Told = {
    text,
    final,
    runs: new Runs(text),
    valueFrom: -1,
    valueEnd: -1,
    inValue: 0,
    whole: [],
  };
  let settled = text.length;
  let unterminated = false;
  let plainEnd = -1;
  const state = automaton.run(text, (index, end) => {
    const literal = literals[index] as Literal;
    const start = end - literal.text.length;
    if (start < known || !stands(literal, text, start, end)) return;
    if (literal.rule.shape.kind === 'plain') plainEnd = end;
    else if (literal.rule.shape.kind !== 'assigned' || plainEnd !== end) {
      const shape = confirm(told, literal, start, end);
      if (shape === 'open') settled = Math.min(settled, start);
      else if (shape === 'unterminated') unterminated = true;
      else if (shape !== null) add(found, start, shape, literal.rule.label);
    }
  });
  const secrets = merged(found);
  if (final) return { secrets, settled, unterminated };
  for (const length of automaton.begun(state)) settled = beginning(text, length, settled);
  return { secrets, settled: apart([...secrets, ...told.whole], settled), unterminated };
}

/** A literal that begins with the text's last characters may be completed by what follows. */
function beginning(text: string, length: number, settled: number): number {
  const start = text.length - length;
  return start < settled && !insideWord(text, start) ? start : settled;
}

// A secret leaves as a whole or not yet: its end may still be united with what is open.
function apart(all: readonly { from: number; end: number }[], settled: number): number {
  let at = settled;
  for (let before = -1; before !== at; ) {
    before = at;
    // From the last to the first: one pass nearly always does.
    for (let i = all.length - 1; i >= 0; i--) {
      const { from, end } = all[i] as { from: number; end: number };
      if (from < at && end > at) at = from;
    }
  }
  return at;
}

function stands(literal: Literal, text: string, start: number, end: number): boolean {
  if (literal.keyword) return beginsWord(text, start) || escaped(text, start);
  // The automaton folds case; what a token begins with is exact.
  if (text.slice(start, end) !== literal.text) return false;
  return literal.free || !insideWord(text, start);
}

function insideWord(text: string, at: number): boolean {
  if (!isWordUnit(text, at - 1) || !isWordUnit(text, at)) return false;
  return !escaped(text, at) && !beginsWord(text, at);
}

function isWordUnit(text: string, at: number): boolean {
  return at >= 0 && (classOf(text.charCodeAt(at)) & alnum) !== 0;
}

function confirm(told: Told, literal: Literal, start: number, end: number) {
  const { text, final, runs } = told;
  const { shape } = literal.rule;
  switch (shape.kind) {
    case 'run':
      return runShape(text, runs, start, end, shape, final);
    case 'jwt':
      return jwtShape(text, start, end, final);
    case 'pem':
      return pemShape(text, start, end, final);
    case 'url':
      return urlShape(text, end, final);
    case 'telegram':
      return telegramShape(text, runs, start, end, final);
    case 'entra':
      return entraShape(text, runs, start, end, final);
    case 'assigned':
      return assignedShape(told, start, end, shape.strong);
    case 'header':
      return judged(text, headerValue(text, end, final), false);
    case 'plain':
      return null;
  }
}

// Keywords within one value are the same value again, shorter. Few are enough to look at, and
// looking at all of them would take time in the square of its length.
function assignedShape(told: Told, start: number, end: number, strong: boolean): Shape {
  const nested = start < told.valueEnd;
  told.inValue = nested ? told.inValue + 1 : 0;
  if (told.inValue > mostInValue) {
    if (told.inValue === mostInValue + 1)
      told.whole.push({ from: told.valueFrom, end: told.valueEnd });
    return null;
  }
  const value = assignedValue(told.text, end, told.final);
  if (value === null || value === 'open') return value;
  if (!nested) {
    told.valueFrom = start;
    told.valueEnd = value.end;
  }
  return judged(told.text, value, strong);
}

function judged(text: string, value: Shape, strong: boolean): Shape {
  if (value === null || value === 'open') return value;
  return looksSecret(text.slice(value.start, value.end), strong) ? value : null;
}

// Found by where literals end, which is nearly the order of where secrets begin.
function add(found: Found[], from: number, { start, end }: Span, label: string): void {
  const last = found.at(-1);
  if (last !== undefined && start >= last.start && start < last.end) {
    if (end > last.end) last.end = end;
    if (from < last.from) last.from = from;
    if (!last.labels.includes(label)) last.labels.push(label);
  } else found.push({ from, start, end, labels: [label] });
}

function merged(found: Found[]): readonly Found[] {
  if (found.length < 2) return found;
  found.sort((a, b) => a.start - b.start || a.end - b.end);
  const all: Found[] = [];
  for (const one of found) for (const label of one.labels) add(all, one.from, one, label);
  return all;
}
