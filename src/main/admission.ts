import { randomBytes } from 'node:crypto';
import {
  type Federation,
  openFederation,
  openIdentity,
  openTokenService,
  type Presented,
  type TokenService,
  type VerifiedToken,
} from '../identity/index.ts';
import { GatehouseError, systemClock } from '../kernel/index.ts';
import type { Kms, Notices, Store } from '../store/index.ts';
import { fileText, type HouseOptions } from '../surface/index.ts';
import { outbound } from '../upstream/index.ts';
import type { Opened } from './opened.ts';

interface AdmissionParts {
  readonly store: Store;
  readonly kms: Kms;
  readonly notices: Notices;
}

interface Issuing {
  readonly tokens: TokenService;
  readonly federation: Federation;
}

/**
 * Who is let in: the register, the token service and identities from elsewhere. Tokens are issued
 * under the address of the gateway, which is known once it listens: `begin` then names it.
 */
export function openAdmission(options: HouseOptions, parts: AdmissionParts, opened: Opened) {
  const { config, folder } = options;
  let begun: Issuing | null = null;
  const issuing = () => {
    if (begun !== null) return begun;
    throw new GatehouseError('busy', 'gatehouse is starting; try again in a moment');
  };
  const identity = openIdentity({
    db: parts.store.db,
    clock: systemClock,
    random: randomBytes,
    notices: parts.notices,
    verifiers: [
      { own: true, verify: async (shown) => issuing().tokens.verifier.verify(shown) },
      { own: false, verify: async (shown) => elsewhere(issuing().federation, shown) },
    ],
    issuers: config.identity.issuers.map((one) => ({
      ...one,
      jwks: fileText('identity.issuers.jwks', one.jwks, folder),
    })),
    proofs: { check: (shown, thumbprint) => issuing().tokens.proofs.check(shown, thumbprint) },
  });
  opened.push(() => identity.close());
  return {
    identity,
    tokens: () => issuing().tokens,
    begin(address: string): void {
      const issuer = config.identity.issuer ?? address;
      const federation = federationOf(options, parts.store, issuer);
      opened.push(() => federation.close());
      const tokens = openTokenService({
        db: parts.store.db,
        kms: parts.kms,
        clock: systemClock,
        random: randomBytes,
        issuer,
        audience: issuer,
        log: options.log,
        revoke: (id, expires) => identity.agents.revokeToken(id, expires),
        federated: (shown) => surelyElsewhere(federation, shown),
        ...(config.identity.oidc.some(({ idJag }) => idJag)
          ? { verifyIdJag: (assertion) => federation.verifyIdJag(assertion) }
          : {}),
      });
      opened.push(() => tokens.close());
      begun = { tokens, federation };
    },
  };
}

function federationOf({ config, folder, log }: HouseOptions, { db }: Store, issuer: string) {
  const send = outbound({ timeoutMs: 5_000, maxBytes: 1_000_000 });
  const { spiffe, oidc } = config.identity;
  return openFederation({
    db,
    clock: systemClock,
    audience: issuer,
    issuer,
    get: async (url) => {
      const answer = await send(url);
      return { status: answer.status, body: answer.text() };
    },
    trustDomains: spiffe.map(({ name, bundle, url = '' }) => ({
      name,
      bundle: bundle === undefined ? { url } : fileText('identity.spiffe.bundle', bundle, folder),
    })),
    issuers: oidc.map(({ jwks, audience, ...one }) => ({
      ...one,
      ...(audience === undefined ? {} : { audience }),
      ...(jwks === undefined ? {} : { jwks: fileText('identity.oidc.jwks', jwks, folder) }),
    })),
    log,
  });
}

/** A token from elsewhere, or the certificate of a caller that sends none. */
async function elsewhere(
  federation: Federation,
  { credential, certificates }: Presented,
): Promise<VerifiedToken | null> {
  if (credential !== null) return federation.verifyToken(credential);
  return certificates.length === 0 ? null : federation.verifyCertificates(certificates);
}

async function surelyElsewhere(federation: Federation, shown: Presented): Promise<VerifiedToken> {
  const found = await elsewhere(federation, shown);
  if (found !== null) return found;
  const message = 'its issuer is not trusted here (identity.oidc, identity.spiffe)';
  throw new GatehouseError('unauthenticated', message);
}
