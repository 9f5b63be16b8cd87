import { randomBytes } from 'node:crypto';
import {
  type IdentityOptions,
  openIdentity,
  type Principals,
  type VerifiedToken,
  type Verifier,
} from '../../src/identity/index.ts';
import { type Clock, type GatehouseError, systemClock } from '../../src/kernel/index.ts';
import { type Notices, openNotices } from '../../src/store/index.ts';
import type { TestStore } from '../database.ts';

/** One process on the database: what it knows, and what it hears. */
export interface TestProcess {
  readonly principals: Principals;
  readonly notices: Notices;
  close(): Promise<void>;
}

/** Opens a process of its own on the store, that tells and hears what ends. */
export async function testProcess(
  store: TestStore,
  options: Partial<IdentityOptions> = {},
): Promise<TestProcess> {
  const notices = await openNotices({ pool: store.pool, clock: systemClock, log: () => {} });
  const random = (size: number) => randomBytes(size);
  const common = { db: store.db, clock: systemClock, random, notices };
  const principals = openIdentity({ ...common, ...options });
  return {
    principals,
    notices,
    async close() {
      principals.close();
      await notices.close();
    },
  };
}

let count = 0;

/** Registers an agent and answers with its name. */
export async function testAgent({ agents }: Principals, owner = 'ada'): Promise<string> {
  const name = `agent-${++count}`;
  await agents.create({ name, owner, purpose: 'testing', tenant: 'default' });
  return name;
}

/** An agent with a static key. */
export async function keyedAgent(principals: Principals, owner = 'ada') {
  const name = await testAgent(principals, owner);
  return { name, ...(await principals.agents.issueKey(name)) };
}

/**
 * Verifies tokens of the form `own.{…}.x` or `out.{…}.x` whose middle is what is verified, so that
 * a test says what a genuine token says without a token service.
 */
export function openVerifier(own: boolean, clock: Clock): Verifier {
  return {
    own,
    async verify({ credential, certificates }) {
      const text = credential ?? Buffer.from(certificates[0] ?? '').toString();
      const [issuer, said = ''] = text.split('.');
      if (issuer !== (own ? 'own' : 'out')) return null;
      const change = JSON.parse(Buffer.from(said, 'base64url').toString());
      return { ...verified(clock), ...change };
    },
  };
}

function verified(clock: Clock): VerifiedToken {
  const issued = clock.now() - 1000;
  return {
    kind: 'at+jwt',
    agent: 'nobody',
    id: 'token-1',
    expires: issued + 300_000,
    issued,
    actors: [],
    scopes: null,
    thumbprint: null,
    bound: false,
    parents: [],
  };
}

/** A token that says what it is told to. */
export function sayingToken(issuer: 'own' | 'out', says: Partial<VerifiedToken>): string {
  return `${issuer}.${Buffer.from(JSON.stringify(says)).toString('base64url')}.x`;
}

/** A call under way: `cut` once it was ended. */
export interface TestCall {
  cut: GatehouseError | null;
  readonly leave: () => void;
}

/** Notes a call in the turn in which its principal is known. */
export async function enters(
  { identify, live }: Principals,
  shown: Parameters<Principals['identify']>[0],
): Promise<TestCall> {
  const principal = await identify(shown);
  const call: { cut: GatehouseError | null } = { cut: null };
  const leave = live.enter(principal, (why) => {
    call.cut = why;
  });
  return Object.assign(call, { leave });
}
