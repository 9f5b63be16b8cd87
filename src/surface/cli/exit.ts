import { GatehouseError } from '../../kernel/index.ts';

/** What a command ends with: 1 is of this machine, 2 of the server, 3 that a check failed. */
export const exitCodes = { ok: 0, local: 1, remote: 2, failed: 3 } as const;

/** Ends a command with a code and a message for a person. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}

/** Any thrown value as what to say and how to end. */
export function ending(thrown: unknown): { readonly code: number; readonly message: string } {
  if (thrown instanceof CommandError) return { code: thrown.exitCode, message: thrown.message };
  if (thrown instanceof GatehouseError) {
    const failed = thrown.code === 'unverified';
    return { code: failed ? exitCodes.failed : exitCodes.local, message: thrown.message };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: exitCodes.local, message };
}
