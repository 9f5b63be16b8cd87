import type { Json } from '../../kernel/index.ts';
import { type Question, tokensOf } from './question.ts';
import type { Script, Spoken } from './script.ts';

/** A piece of text and how long to wait before it, in milliseconds. */
export interface Piece {
  readonly text: string;
  readonly delayMs: number;
}

export interface Call {
  readonly id: string;
  readonly name: string;
  readonly arguments: Readonly<Record<string, Json>>;
}

/** What a script says to one question, before a dialect renders it. */
export interface Said {
  readonly text: string;
  readonly pieces: readonly Piece[];
  readonly calls: readonly Call[];
  readonly input: number;
  readonly output: number;
}

export interface ScriptedError {
  readonly status: number;
  readonly message: string;
  readonly retryAfter?: number | undefined;
}

const noRule =
  'This is a scripted answer and no model was asked: the script has no rule for this message.';

/** The answer of the first rule that matches. */
export function play(script: Script, question: Question): Said | ScriptedError {
  if (!script.models.includes(question.model)) {
    const models = script.models.join('`, `');
    return { status: 404, message: `this script serves \`${models}\` and no other model` };
  }
  const rule = script.rules.find(
    ({ when }) =>
      (when.model === undefined || when.model === question.model) &&
      (when.contains === undefined || question.asked.includes(when.contains)),
  );
  if (rule === undefined) return said({ text: noRule }, question);
  return 'error' in rule.reply ? rule.reply.error : said(rule.reply, question);
}

function said(spoken: Spoken, question: Question): Said {
  const echoed = spoken.text?.replaceAll('{message}', () => question.asked);
  const pieces = spoken.chunks?.map(pieceOf) ?? words(echoed ?? '');
  const text = echoed ?? pieces.map((piece) => piece.text).join('');
  const calls = (spoken.toolCalls ?? []).map((call, i) => ({
    id: `call_scripted_${question.id}_${i}`,
    name: call.name,
    arguments: call.arguments as Readonly<Record<string, Json>>,
  }));
  const output = calls.reduce((sum, c) => sum + tokensOf(JSON.stringify(c.arguments)), 0);
  return {
    text,
    pieces,
    calls,
    input: spoken.usage?.input ?? question.inputTokens,
    output: spoken.usage?.output ?? output + tokensOf(text),
  };
}

function pieceOf(chunk: string | Piece): Piece {
  return typeof chunk === 'string' ? { text: chunk, delayMs: 0 } : chunk;
}

/** Word by word, as a model's stream looks. */
function words(text: string): readonly Piece[] {
  const found: readonly string[] = text.match(/\S+\s*|\s+/g) ?? [];
  return found.map((word) => ({ text: word, delayMs: 0 }));
}
