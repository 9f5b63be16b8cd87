/** A registered agent. Times are Unix time in milliseconds. */
export interface Agent {
  readonly id: string;
  readonly name: string;
  /** The person answerable for it. */
  readonly owner: string;
  readonly purpose: string;
  readonly tenant: string;
  readonly created: number;
  readonly disabled: number | null;
}

/** What is kept of a static key. The key itself is not. */
export interface AgentKey {
  readonly id: string;
  readonly agent: string;
  readonly created: number;
  readonly expires: number;
  readonly revoked: number | null;
}
