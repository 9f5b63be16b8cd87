/** One thing that was checked. `detail` is a sentence for people. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/**
 * What came of a verification. It ends at the first thing that is wrong: `problem` names it and is
 * null if all holds. `pinned` is false where the key came with the very thing it verified, so that
 * all that is shown is that it fits together.
 */
export interface Verification {
  readonly ok: boolean;
  readonly problem: string | null;
  readonly pinned: boolean;
  readonly checks: readonly Check[];
}

/** Ends a verification: `name` is the check, `message` what is wrong. Caught by `verification`. */
class Wrong extends Error {
  readonly check: string;

  constructor(check: string, message: string) {
    super(message);
    this.check = check;
  }
}

/** The steps of a verification: each passes or is the last. */
export interface Steps {
  pass(name: string, detail: string): void;
  /** Ends the verification. */
  wrong(name: string, message: string): never;
}

/** Runs steps and gathers what came of them. */
export async function verification(
  pinned: boolean,
  run: (steps: Steps) => void | Promise<void>,
): Promise<Verification> {
  const checks: Check[] = [];
  const steps: Steps = {
    pass: (name, detail) => checks.push({ name, ok: true, detail }),
    wrong(name, message) {
      throw new Wrong(name, message);
    },
  };
  try {
    await run(steps);
    return { ok: true, problem: null, pinned, checks };
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    checks.push({ name: error.check, ok: false, detail: error.message });
    return { ok: false, problem: error.message, pinned, checks };
  }
}
