import { type Clock, GatehouseError } from '../../kernel/index.ts';
import { fetchedJson, type Get, isSafeUrl, Kept } from './fetched.ts';
import { shown } from './refusal.ts';
import { isTrustDomain } from './spiffe-id.ts';
import { readTrustBundle, type TrustBundle } from './trust-bundle.ts';

/** A trust domain and where its bundle is: the text of the document, or an https address of it. */
export interface TrustDomain {
  readonly name: string;
  readonly bundle: string | { readonly url: string };
}

/** Where the bundle of one trust domain is had from. */
export interface BundleSource {
  current(): Promise<TrustBundle>;
  /** Newer than `current`, if that can be had: for a key that it does not hold. */
  renewed(): Promise<TrustBundle>;
  close(): void;
}

interface SourceParts {
  readonly clock: Clock;
  readonly get: Get;
  readonly log: (message: string) => void;
}

/**
 * The bundle sources, by trust domain. Nothing is fetched yet. A bundle that was had is kept while
 * its address is away: its authorities do not end with the network.
 *
 * @throws GatehouseError `bad_config`
 */
export function openTrustDomains(
  domains: readonly TrustDomain[],
  parts: SourceParts,
): ReadonlyMap<string, BundleSource> {
  const sources = new Map<string, BundleSource>();
  for (const { name, bundle } of domains) {
    if (!isTrustDomain(name)) {
      const rule = 'write its name alone, in lower case, such as `prod.example.org`';
      throw new GatehouseError('bad_config', `trust domain \`${shown(name)}\` is none; ${rule}`);
    }
    if (sources.has(name)) {
      throw new GatehouseError('bad_config', `trust domain \`${name}\` is listed twice`);
    }
    const source =
      typeof bundle === 'string' ? fixed(name, bundle) : fetched(name, bundle.url, parts);
    sources.set(name, source);
  }
  return sources;
}

function fixed(name: string, text: string): BundleSource {
  let bundle: TrustBundle;
  try {
    bundle = readTrustBundle(JSON.parse(text));
  } catch (cause) {
    const message = `the bundle of trust domain \`${name}\` cannot be used; it must be a JWK Set of public keys`;
    throw new GatehouseError('bad_config', message, { cause });
  }
  return { current: async () => bundle, renewed: async () => bundle, close() {} };
}

function fetched(name: string, url: string, { clock, get, log }: SourceParts): BundleSource {
  if (!isSafeUrl(url)) {
    const message = `the bundle of trust domain \`${name}\` is not at an https address: \`${shown(url)}\``;
    throw new GatehouseError('bad_config', message);
  }
  const kept = new Kept<TrustBundle>({
    what: `the bundle of trust domain \`${name}\``,
    clock,
    log,
    async load(had) {
      const bundle = readTrustBundle(await fetchedJson(get, clock, url));
      if (!isOlder(bundle, had)) return bundle;
      log(`the bundle of trust domain \`${name}\` went back in its sequence; the newer one stays`);
      return null;
    },
    refreshMs: (bundle) => bundle.refreshMs,
    keepMs: Number.POSITIVE_INFINITY,
  });
  return {
    current: () => kept.value(),
    renewed: () => kept.renewed(),
    close: () => kept.close(),
  };
}

function isOlder({ sequence }: TrustBundle, had: TrustBundle | null): boolean {
  return sequence !== null && had !== null && had.sequence !== null && sequence < had.sequence;
}
