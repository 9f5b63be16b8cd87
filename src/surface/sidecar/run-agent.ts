import type { Clock } from '../../kernel/index.ts';
import { admitsUser } from './admission.ts';
import { newSigningKey, type SigningKey } from './agent-key.ts';
import { runChild, type User } from './child.ts';
import { childEnvironment } from './child-environment.ts';
import { openCredentials } from './credentials.ts';
import { passage } from './passage.ts';
import { openSidecar } from './sidecar.ts';
import type { Random } from './signed.ts';
import { tokenEndpoint } from './token-endpoint.ts';

export interface AgentRun {
  readonly agent: string;
  readonly key: SigningKey;
  /** Scheme, host and port of the gateway. */
  readonly gateway: string;
  readonly words: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Further variables that hold keys of providers; the program does not get them. */
  readonly upstreamKeys: readonly string[];
  readonly terminal: boolean;
  /** Whom the program runs as; unset: as this process. */
  readonly user?: User | undefined;
  readonly call: (url: string, init: RequestInit) => Promise<Response>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: (line: string) => void;
  /** Told when the program is about to start. */
  readonly ready: (sidecar: string) => void;
}

/**
 * Runs a program in an agent's name: first token, sidecar, program, and everything down at its end.
 * Answers the program's exit code.
 *
 * INVARIANT: the key of the run is made here, stays in this process, and tokens are bound to it: a
 * token that leaks opens nothing.
 *
 * @throws GatehouseError when there is no first token, or the program cannot be started.
 */
export async function runAgent(run: AgentRun): Promise<number> {
  const { agent, key, gateway, call, clock, random, log } = run;
  const proof = newSigningKey();
  const issue = tokenEndpoint({ gateway, agent, key, proof, call, clock, random });
  const credentials = await openCredentials({ issue, clock, random, log });
  try {
    const pass = passage({ gateway, credentials, proof, call, clock, random });
    const admits = admitsUser(run.user?.uid ?? process.geteuid?.() ?? -1);
    const sidecar = await openSidecar({ gateway, pass, admits });
    try {
      run.ready(sidecar.url);
      const env = childEnvironment(run.env, sidecar.url, run.upstreamKeys);
      return await runChild({ ...run, env });
    } finally {
      await sidecar.close();
    }
  } finally {
    credentials.close();
  }
}
