import type { Claim } from '../../kernel/index.ts';
import { bucketId } from './bucket.ts';
import { type Cost, most, type Tokens, whole } from './price.ts';
import type { QuotaCall, QuotaOutcome, Reservation } from './quota.ts';
import type { Rule } from './rule.ts';
import type { Window, Windows } from './window.ts';

/** What a call needs of one bucket. Amounts in the units of its rule's limit. */
export interface Need {
  readonly rule: Rule;
  readonly holder: string;
  readonly bucket: string;
  readonly window: Window;
  /** What is held, or for requests used at once. */
  readonly amount: number;
  /** What is charged when the call ends without a word. */
  readonly least: number;
}

/** A claim on everything that a call needs, all or nothing. Its key is the id of its holds. */
export interface QuotaClaim extends Claim {
  readonly kind: 'policy.quota';
  readonly needs: readonly Need[];
  /** Why it cannot be had, whatever the buckets say. */
  readonly hopeless: string | null;
}

/** The word that ends a call: what each of its held buckets is charged. */
export interface SettlementClaim extends Claim {
  readonly kind: 'policy.settlement';
  readonly charges: readonly { readonly bucket: string; readonly amount: number }[];
}

/** What reservations are made with. */
export interface ReservationParts {
  readonly rules: readonly Rule[];
  readonly windows: Windows;
  readonly cost: Cost;
  now(): number;
  /** A new UUID. */
  newId(): string;
}

const none: Reservation = Object.freeze({ claims: Object.freeze([]), settle: () => [] });

/** Works out what a call needs of the quotas that apply to it. */
export function reservation(parts: ReservationParts, call: QuotaCall): Reservation {
  const { principal, model } = call;
  const rules = parts.rules.filter((rule) => rule.applies(principal, model));
  if (rules.length === 0) return none;
  const now = parts.now();
  const input = whole(call.input);
  const output = whole(call.output);
  const amountOf = meter(parts.cost, model.id);
  const needs: Need[] = [];
  for (const rule of rules) {
    const amount = amountOf(rule, { input, output, cached: 0 });
    const least = amountOf(rule, { input, output: 0, cached: 0 });
    if (amount === null || least === null) return refusal(parts, model.id, rule.quota.id);
    const holder = rule.holder(principal, model);
    const window = parts.windows.at(rule.quota.per ?? 'ever', now);
    const bucket = bucketId(rule.quota, holder, window.start);
    needs.push({ rule, holder, bucket, window, amount, least: onDeath(rule, least) });
  }
  const id = parts.newId();
  const claim: QuotaClaim = { kind: 'policy.quota', key: id, amount: 1, needs, hopeless: null };
  const held = needs.filter(isHeld);
  return {
    claims: [claim],
    settle: (outcome) =>
      held.length === 0 ? [] : [settlement(id, held, input, amountOf, outcome)],
  };
}

/** True for what is given back or charged later; a request counts at once. */
export function isHeld({ rule }: Need): boolean {
  return rule.quota.measure !== 'requests';
}

type Meter = (rule: Rule, tokens: Tokens) => number | null;

function meter(cost: Cost, model: string): Meter {
  return ({ quota }, tokens) => {
    switch (quota.measure) {
      case 'tokens':
        return Math.min(most, tokens.input + tokens.output);
      case 'money':
        return cost(model, tokens);
      case 'requests':
      case 'concurrency':
        return 1;
    }
  };
}

function onDeath({ quota }: Rule, least: number): number {
  return quota.measure === 'concurrency' ? 0 : least;
}

// INVARIANT: what has no price is never free by omission.
function refusal({ newId }: ReservationParts, model: string, quota: string): Reservation {
  const hopeless = `model \`${model}\` has no price, which quota \`${quota}\` needs; give it one, 0 if it is free`;
  const claim: QuotaClaim = { kind: 'policy.quota', key: newId(), amount: 1, needs: [], hopeless };
  return { claims: [claim], settle: () => [] };
}

function settlement(
  key: string,
  held: readonly Need[],
  input: number,
  amountOf: Meter,
  outcome: QuotaOutcome,
): SettlementClaim {
  const charges = held.map((need) => ({
    bucket: need.bucket,
    amount: need.rule.quota.measure === 'concurrency' ? 0 : charge(need, input, amountOf, outcome),
  }));
  return { kind: 'policy.settlement', key, amount: 1, charges };
}

function charge(need: Need, estimate: number, amountOf: Meter, outcome: QuotaOutcome): number {
  if (outcome.kind === 'none') return 0;
  if (outcome.kind === 'used') {
    const { input, output, cached, written = 0 } = outcome;
    const tokens = {
      input: whole(input),
      output: whole(output),
      cached: whole(cached),
      written: whole(written),
    };
    return amountOf(need.rule, tokens) ?? need.amount;
  }
  const tokens = { input: estimate, output: whole(outcome.output), cached: 0 };
  const guess = amountOf(need.rule, tokens) ?? need.amount;
  return Math.max(need.least, Math.min(need.amount, guess));
}
