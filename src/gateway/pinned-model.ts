/** An exact model version that may be served, and where. */
export interface PinnedModel {
  readonly id: string;
  readonly groups: readonly string[];
  readonly provider: string;
  /** Most tokens of one answer, where the call itself does not say. */
  readonly maxOutput: number;
  /** The version itself, then its fallbacks. */
  readonly candidates: readonly {
    readonly id: string;
    readonly upstream: string;
    readonly model: string;
  }[];
}
