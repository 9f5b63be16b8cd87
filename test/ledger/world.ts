import { randomBytes } from 'node:crypto';
import type { Body, Claim, Draft, JsonObject } from '../../src/kernel/index.ts';
import { systemClock } from '../../src/kernel/index.ts';
import {
  generateKey,
  type Ledger,
  type LedgerOptions,
  openLedger,
  type Signer,
  signerOf,
} from '../../src/ledger/index.ts';
import { type Kms, openVault, type Store, type Vault } from '../../src/store/index.ts';

export const origin = 'test.example/log';

/** The signer of all test logs: its seed is 32 bytes of 7. */
export const signer: Signer = signerOf(generateKey(origin, (size) => Buffer.alloc(size, 7)));

// Wraps keys by turning their bits: enough where it is not the wrapping that is under test.
const kms: Kms = {
  id: 'test',
  wrap: async (key) => Buffer.from(key.map((byte) => byte ^ 0xff)),
  unwrap: async (wrapped) => Buffer.from(wrapped.map((byte) => byte ^ 0xff)),
};

export function testVault(store: Pick<Store, 'pool'>): Promise<Vault> {
  return openVault({ store, kms, clock: systemClock, random: (size) => randomBytes(size) });
}

const opened: Ledger[] = [];

/** Opens a ledger that `closeLedgers` closes, whatever became of the test. */
export async function testLedger(
  store: Pick<Store, 'pool'>,
  options: Partial<LedgerOptions> = {},
): Promise<Ledger> {
  const vault = options.vault ?? (await testVault(store));
  const ledger = await openLedger({ store, vault, signer, clock: systemClock, ...options });
  opened.push(ledger);
  return ledger;
}

/** Closes what tests of this file opened: a store waits for every connection that is in use. */
export async function closeLedgers(): Promise<void> {
  for (const ledger of opened.splice(0)) await ledger.close();
}

export function traceId(): string {
  return randomBytes(16).toString('hex');
}

/** A draft whose entry has some facts, with bodies and claims if wanted. */
export function draft(facts: JsonObject = {}, more: Partial<Draft> = {}): Draft {
  const trace = more.trace ?? traceId();
  return {
    trace,
    bodies: [],
    claims: [],
    entry: (bodies, refused) => ({
      v: 1,
      kind: 'decision',
      at: '2026-01-02T03:04:05.678Z',
      trace,
      ...facts,
      ...(bodies.length > 0 ? { bodies: bodies.map((body) => ({ ...body })) } : {}),
      ...(refused.length > 0 ? { refused: refused.map(({ reason }) => reason) } : {}),
    }),
    ...more,
  };
}

export function body(text: string, owner = 'owner-1'): Body {
  return { role: 'prompt', owner, bytes: Buffer.from(text) };
}

export function claim(kind: string, key: string, amount = 1): Claim {
  return { kind, key, amount };
}
