/** A defect is ours: its stack goes to the operator's log and never to a client. */
export function defectLine(error: unknown, trace: string | null): string {
  const { cause, stack } = error as Error;
  const told = cause instanceof Error ? cause.stack : stack;
  return `defect${trace === null ? '' : ` in trace ${trace}`}: ${told}`;
}
