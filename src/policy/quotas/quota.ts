import type { Claim, Principal } from '../../kernel/index.ts';

/** Whose use is summed: each one's for itself, or all together. A model is an exact version. */
export const holders = ['agent', 'owner', 'tenant', 'model', 'everyone'] as const;

/** What is counted. Tokens are input and output together; money is US dollars. */
export const measures = ['requests', 'tokens', 'money', 'concurrency'] as const;

/** Calendar windows in UTC: a count begins anew with each. */
export const periods = ['minute', 'hour', 'day', 'month', 'ever'] as const;

export type HolderKind = (typeof holders)[number];
export type Measure = (typeof measures)[number];
export type Period = (typeof periods)[number];

/** Whom and what a quota is for; absent lists leave nobody out. Agents go by their names. */
export interface Only {
  readonly agents?: readonly string[] | undefined;
  readonly owners?: readonly string[] | undefined;
  readonly tenants?: readonly string[] | undefined;
  readonly models?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
}

/** How much of something each holder may use in a window. Quotas of `concurrency` have no window. */
export interface Quota {
  readonly id: string;
  readonly of: HolderKind;
  readonly measure: Measure;
  /** Requests, tokens, US dollars, or calls at a time. */
  readonly limit: number;
  readonly per?: Period | undefined;
  readonly only?: Only | undefined;
}

/** What a model version costs, in US dollars per million tokens. */
export interface Price {
  readonly input: number;
  readonly output: number;
  /** Input that the provider served from its cache; `input` where absent. */
  readonly cachedInput?: number | undefined;
  /** Input that the provider put into its cache; `input` where absent. */
  readonly writtenInput?: number | undefined;
}

/** Prices by exact model id. A model at no cost has prices of 0. */
export type Prices = Readonly<Record<string, Price>>;

/** A call that is about to be made. Counts of tokens. */
export interface QuotaCall {
  readonly principal: Principal;
  readonly model: { readonly id: string; readonly groups: readonly string[] };
  /** An upper estimate of what goes in. */
  readonly input: number;
  /** The most that may come out. */
  readonly output: number;
}

/** What became of a call: its exact use as reported, nothing at all, or cut off in the middle. */
export type QuotaOutcome =
  | {
      readonly kind: 'used';
      /** All input, that from a cache included. */
      readonly input: number;
      readonly output: number;
      readonly cached: number;
      /** Of `input`, what went into a cache. */
      readonly written?: number;
    }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown'; readonly output: number };

/**
 * What a call needs before it is made. `claims` are given to its decision, what `settle` answers to
 * the decision that ends it. Both are empty where no quota applies.
 */
export interface Reservation {
  readonly claims: readonly Claim[];
  settle(outcome: QuotaOutcome): readonly Claim[];
}

/** How one quota of one holder stands. Amounts in the quota's own unit, money in US dollars. */
export interface Standing {
  readonly quota: string;
  readonly of: HolderKind;
  readonly holder: string;
  readonly measure: Measure;
  readonly used: number;
  readonly reserved: number;
  readonly limit: number;
  /** When the window ends, Unix time in milliseconds; null: never. */
  readonly ends: number | null;
}

export interface StandingFilter {
  readonly quota?: string;
  readonly of?: HolderKind;
  readonly holder?: string;
}
