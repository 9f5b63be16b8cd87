import type { JWK } from 'jose';
import { type Clock, GatehouseError } from '../../kernel/index.ts';
import { fetchedJson, type Get, isLoopback, isSafeUrl, Kept } from './fetched.ts';
import { type KeySet, keysOfDocument, openKeySet } from './key-set.ts';
import { shown } from './refusal.ts';
import type { KeySource } from './signed-token.ts';

/**
 * Who else's tokens count: an OIDC issuer. `audience` is what its tokens must be for, `jwks` the
 * text of its JWK Set where it is not to be discovered; `idJag`: its identity assertions count.
 */
export interface OutsideIssuer {
  readonly issuer: string;
  readonly audience?: string;
  readonly jwks?: string;
  readonly idJag?: boolean;
}

/** An issuer with its keys. */
export interface KnownIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly idJag: boolean;
  readonly keys: KeySource;
  close(): void;
}

interface IssuerParts {
  readonly clock: Clock;
  readonly audience: string;
  readonly get: Get;
  readonly log: (message: string) => void;
}

const refreshMs = 300_000;
/** How long keys count while their issuer is away. */
const keepMs = 3_600_000;

/** The issuers, by name. Nothing is fetched yet. @throws GatehouseError `bad_config` */
export function openIssuers(
  issuers: readonly OutsideIssuer[],
  parts: IssuerParts,
): ReadonlyMap<string, KnownIssuer> {
  const known = new Map<string, KnownIssuer>();
  for (const from of issuers) {
    const { issuer, audience = parts.audience, jwks, idJag = false } = from;
    if (known.has(issuer)) {
      throw new GatehouseError('bad_config', `issuer \`${shown(issuer)}\` is listed twice`);
    }
    const opened = jwks === undefined ? discovered(issuer, parts) : given(issuer, jwks);
    known.set(issuer, { issuer, audience, idJag, ...opened });
  }
  return known;
}

type Opened = Pick<KnownIssuer, 'keys' | 'close'>;

function given(issuer: string, jwks: string): Opened {
  try {
    const set = signatureKeys(JSON.parse(jwks));
    return { keys: { current: async () => set, renewed: async () => set }, close() {} };
  } catch (cause) {
    const message = `the JWK set of issuer \`${shown(issuer)}\` cannot be used; it must hold public keys only`;
    throw new GatehouseError('bad_config', message, { cause });
  }
}

function discovered(issuer: string, { clock, get, log }: IssuerParts): Opened {
  if (!isSafeUrl(issuer) || new URL(issuer).search !== '') {
    const rule = 'give its https address without a query, or its JWK set (`jwks`)';
    throw new GatehouseError(
      'bad_config',
      `issuer \`${shown(issuer)}\` cannot be discovered; ${rule}`,
    );
  }
  const kept = new Kept<KeySet>({
    what: `the keys of issuer \`${issuer}\``,
    clock,
    log,
    load: async () => {
      const address = await keysAddress(issuer, (url) => fetchedJson(get, clock, url));
      return signatureKeys(await fetchedJson(get, clock, address));
    },
    refreshMs: () => refreshMs,
    keepMs,
  });
  return {
    keys: { current: () => kept.value(), renewed: () => kept.renewed() },
    close: () => kept.close(),
  };
}

/**
 * Where the keys are (OpenID Connect Discovery, section 4). The configured issuer alone says where
 * to ask, never a token or a request.
 */
async function keysAddress(
  issuer: string,
  fetched: (url: string) => Promise<unknown>,
): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const document = (await fetched(url)) as { issuer?: unknown; jwks_uri?: unknown } | null;
  const { issuer: itself, jwks_uri: address } = document ?? {};
  // Section 4.3: an issuer that calls itself otherwise could speak for another.
  if (itself !== issuer) throw new Error(`\`${url}\` speaks for issuer \`${shown(itself)}\``);
  const safe = typeof address === 'string' && isSafeUrl(address);
  // From elsewhere nobody may send us to our own machine.
  if (safe && (!isLoopback(address) || isLoopback(issuer))) return address;
  throw new Error(`\`${url}\` has the \`jwks_uri\` \`${shown(address)}\`, which is not https`);
}

function signatureKeys(document: unknown): KeySet {
  const forSignatures = ({ use }: JWK) => use === undefined || use === 'sig';
  return openKeySet(keysOfDocument(document).filter(forSignatures));
}
