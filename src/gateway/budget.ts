import type { Claim, JsonObject, Principal } from '../kernel/index.ts';
import type { Attempt } from '../upstream/index.ts';
import type { Dialect, RequestFacts, Usage } from './dialects/index.ts';
import type { PinnedModel } from './pinned-model.ts';

/** Tokens that a call may take, from above: of its input, and of its answer. */
export interface Estimate {
  readonly input: number;
  readonly output: number;
}

/**
 * What became of a call, for what it is charged: `used` is what the provider reported; `none`: no
 * model worked on it; `unknown`: it was cut off, after about so many tokens of output.
 */
export type Spent =
  | ({ readonly kind: 'used' } & Usage)
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown'; readonly output: number };

/** What is reserved for one call: taken with the decision, settled with the answer's entry. */
export interface Reservation {
  readonly claims: readonly Claim[];
  settle(spent: Spent): readonly Claim[];
}

/** Where reservations come from. */
export interface Budgets {
  reserve(call: {
    readonly principal: Principal;
    readonly model: { readonly id: string; readonly groups: readonly string[] };
    readonly input: number;
    readonly output: number;
  }): Reservation;
  /** What tokens of an exact version cost, in billionths of a US dollar; null without a price. */
  cost(model: string, tokens: Usage): number | null;
}

// A token of text is rarely less than three bytes, of which JSON adds some.
const bytesPerToken = 3;

export function tokensIn(bytes: number): number {
  return Math.ceil(bytes / bytesPerToken);
}

/** The most that a call may take: its bytes as tokens, and the answer's limit for each choice. */
export function estimateOf(
  { costs }: Pick<Dialect, 'costs'>,
  bytes: number,
  { maxTokens, choices }: Pick<RequestFacts, 'maxTokens' | 'choices'>,
  model: PinnedModel,
): Estimate {
  if (!costs) return { input: 0, output: 0 };
  const most = maxTokens === null ? model.maxOutput : Math.min(maxTokens, 10_000_000);
  return { input: tokensIn(bytes), output: most * Math.min(choices, 1_000) };
}

// A model may have worked on the call, and its provider may charge for it, when the caller left or
// was stopped or the time was over; of other ends there is nothing to charge.
const worked: ReadonlySet<string> = new Set([
  'cancelled',
  'timeout_first_byte',
  'timeout_idle',
  'timeout_total',
]);

/** What a call cost that brought no answer: all that was reserved, if a model may have worked. */
export function spentInVain(attempts: readonly Attempt[], { output }: Estimate): Spent {
  const maybe = attempts.some(({ outcome }) => worked.has(outcome));
  return maybe ? { kind: 'unknown', output } : { kind: 'none' };
}

/** What an answer cost, from its status, what it reports, and how much of it came. */
export function spentOn(
  { costs }: Pick<Dialect, 'costs'>,
  { status, usage }: { readonly status: number; readonly usage: Usage | null },
  complete: boolean,
  bytes: number,
): Spent {
  if (status >= 400 || !costs) return { kind: 'none' };
  if (usage === null) return { kind: 'unknown', output: tokensIn(bytes) };
  if (complete) return { kind: 'used', ...usage };
  return { kind: 'used', ...usage, output: Math.max(usage.output, tokensIn(bytes)) };
}

/** What an entry says of the charge: exact where the provider reported it, else what was assumed. */
export function chargeFacts(
  { cost }: Budgets,
  { model, estimate }: { readonly model: PinnedModel; readonly estimate: Estimate },
  spent: Spent,
): JsonObject {
  if (spent.kind === 'none') return { charged: { exact: true, cost: 0 } };
  if (spent.kind === 'used') return { charged: { exact: true, cost: cost(model.id, spent) } };
  const output = Math.min(spent.output, estimate.output);
  const assumed = { input: estimate.input, output, cached: 0 };
  return { charged: { exact: false, cost: cost(model.id, assumed) } };
}
