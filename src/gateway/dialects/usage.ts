/**
 * Tokens that a call cost. Of `input`, `cached` came from a prompt cache and `written` went into
 * one; absent: none did.
 */
export type Usage = {
  readonly input: number;
  readonly output: number;
  readonly cached: number;
  readonly written?: number;
};
