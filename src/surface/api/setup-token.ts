import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../kernel/index.ts';
import type { Guard, Random, Settings } from './parts.ts';

const setting = 'control.setup_token';

/** The guard, and the token itself if it was made just now: the only time that it can be shown. */
export interface SetupToken {
  readonly guard: Guard;
  readonly fresh: string | null;
}

interface Kept {
  readonly sha256: string;
  readonly since: string;
}

/**
 * The token that guards the control plane until people exist. It is made at first start from 32
 * random bytes; only its SHA-256 is kept, which is enough because the token is not guessable.
 */
export async function setupToken(
  settings: Settings,
  random: Random,
  clock: Clock,
): Promise<SetupToken> {
  const token = newToken(random);
  const made = keptOf(token, clock);
  const first = await settings.putIfAbsent(setting, { ...made });
  let current = first ? made : readKept(await settings.get(setting));
  let hash = Buffer.from(current.sha256, 'hex');
  const guard: Guard = {
    admits: (candidate) => timingSafeEqual(digest(candidate), hash),
    get since() {
      return current.since;
    },
    async rotate() {
      const next = newToken(random);
      const kept = keptOf(next, clock);
      await settings.put(setting, { ...kept });
      current = kept;
      hash = Buffer.from(kept.sha256, 'hex');
      return next;
    },
  };
  return { guard, fresh: first ? token : null };
}

function keptOf(token: string, clock: Clock): Kept {
  return { sha256: digest(token).toString('hex'), since: new Date(clock.now()).toISOString() };
}

function readKept(stored: unknown): Kept {
  const { sha256, since } = (stored ?? {}) as Partial<Kept>;
  if (sha256 === undefined || !/^[0-9a-f]{64}$/.test(sha256)) {
    throw new TypeError(`setting \`${setting}\` holds no SHA-256`);
  }
  return { sha256, since: since ?? '' };
}

function newToken(random: Random): string {
  return `ghs_${Buffer.from(random(32)).toString('base64url')}`;
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
