/** A broken rule: where, which, and what it asks for. `file` is relative to the root. */
export interface Violation {
  readonly file: string;
  readonly rule: string;
  readonly message: string;
}
