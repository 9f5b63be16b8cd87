import type { Control, Principal } from '../../kernel/index.ts';

/** Counts requests in a store that processes share, for what PostgreSQL need not remember. */
export interface Rates {
  /**
   * Counts a request against every quota that applies, or against none. Answers with what goes into
   * the subject's measures as `rateOver`: 0, the number of the first quota that is over (from 1),
   * or -1 where nobody could count. Never rejects.
   */
  take(
    principal: Principal,
    model: { readonly id: string; readonly groups: readonly string[] },
  ): number | Promise<number>;
  /** `policy.rate`: denies at `enter` what was over, or was not counted. */
  control(): Control;
  close(): Promise<void>;
}
