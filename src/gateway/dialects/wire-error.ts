/** An error as a caller is told it: stable code, HTTP status, trace and where people see the trace. */
export interface WireError {
  readonly code: string;
  readonly status: number;
  readonly message: string;
  readonly trace: string;
  readonly link: string;
}
