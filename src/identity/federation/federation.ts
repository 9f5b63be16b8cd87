import { decodeJwt, type JWTPayload } from 'jose';
import type { Kysely } from 'kysely';
import type { Clock } from '../../kernel/index.ts';
import type { Tables } from '../../store/index.ts';
import type { VerifiedToken } from '../verified-token.ts';
import type { Get } from './fetched.ts';
import { type IdJag, verifyIdJagOf } from './id-jag.ts';
import { type KnownIssuer, type OutsideIssuer, openIssuers } from './issuers.ts';
import { verifyJwtSvid } from './jwt-svid.ts';
import { mappedAgent } from './mapped-agent.ts';
import { verifyOidcToken } from './oidc.ts';
import { refused, shown } from './refusal.ts';
import { boundTo, tokenId } from './signed-token.ts';
import { claimedTrustDomain } from './spiffe-id.ts';
import { openTrustDomains, type TrustDomain } from './trust-domains.ts';
import { verifyX509Svid } from './x509-svid.ts';

export interface FederationOptions {
  readonly db: Kysely<Tables>;
  readonly clock: Clock;
  /** What outside tokens must be for. */
  readonly audience: string;
  /** Our own issuer identifier (RFC 8414), which identity assertions are for; else the audience. */
  readonly issuer?: string;
  readonly get: Get;
  readonly trustDomains: readonly TrustDomain[];
  readonly issuers: readonly OutsideIssuer[];
  readonly log: (message: string) => void;
}

/**
 * Identities from elsewhere, each for the registered agent that it stands for. Every answer rests
 * on the register as it is now, so one is good for as long as the caller may hold old news, not for
 * as long as the token lives.
 */
export interface Federation {
  /**
   * What a JWT-SVID or an OIDC token says. Null when neither its trust domain nor its issuer is one
   * of ours: another may know it.
   *
   * @throws GatehouseError `unauthenticated` with what to do.
   */
  verifyToken(token: string): Promise<VerifiedToken | null>;
  /**
   * What the certificates of a connection say: an X509-SVID. DER, the leaf first.
   *
   * @throws GatehouseError `unauthenticated` with what to do.
   */
  verifyCertificates(chain: readonly Uint8Array[]): Promise<VerifiedToken>;
  /**
   * What an identity assertion (ID-JAG) says. It stands for no agent; its one use is the caller's
   * to count.
   *
   * @throws GatehouseError `unauthenticated` with what to do.
   */
  verifyIdJag(assertion: string): Promise<IdJag>;
  /** True for an issuer or a trust domain that is configured. */
  trusts(issuer: string): boolean;
  /** Ends all fetching. */
  close(): void;
}

/** Opens without touching the network. @throws GatehouseError `bad_config` */
export function openFederation(options: FederationOptions): Federation {
  const { db, clock, audience, get, log } = options;
  const domains = openTrustDomains(options.trustDomains, { clock, get, log });
  const issuers = openIssuers(options.issuers, { clock, audience, get, log });

  async function ofSvid(token: string, sub: unknown): Promise<VerifiedToken> {
    const rules = { domains, audience, now: clock.now() };
    const { spiffeId, claims } = await verifyJwtSvid(token, sub, rules);
    const { id: subject, trustDomain: issuer } = spiffeId;
    const agent = await mappedAgent(db, { kind: 'spiffe', issuer, subject, claims });
    return tokenOf('jwt-svid', { agent, issuer, token, claims });
  }

  async function ofIssuer(token: string, from: KnownIssuer): Promise<VerifiedToken> {
    const claims = await verifyOidcToken(token, from, clock.now());
    const { issuer } = from;
    const agent = await mappedAgent(db, { kind: 'oidc', issuer, subject: claims.sub, claims });
    return tokenOf('oidc', { agent, issuer, token, claims });
  }

  return {
    async verifyToken(token) {
      const { iss, sub } = unverified(token);
      if (domains.has(claimedTrustDomain(sub) ?? '')) return ofSvid(token, sub);
      const from = typeof iss === 'string' ? issuers.get(iss) : undefined;
      return from === undefined ? null : ofIssuer(token, from);
    },
    async verifyCertificates(chain) {
      const { spiffeId, fingerprint, expires } = await verifyX509Svid(chain, {
        domains,
        now: clock.now(),
      });
      const { id: subject, trustDomain: issuer } = spiffeId;
      const agent = await mappedAgent(db, { kind: 'spiffe', issuer, subject, claims: {} });
      const proved = { thumbprint: null, bound: true };
      return { kind: 'x509-svid', agent, id: fingerprint, expires, ...alone, ...proved };
    },
    async verifyIdJag(assertion) {
      const { iss } = unverified(assertion);
      const from = typeof iss === 'string' ? issuers.get(iss) : undefined;
      if (from === undefined) throw refused(`issuer \`${shown(iss)}\` is not trusted here`);
      const { issuer = audience } = options;
      return verifyIdJagOf(assertion, from, { issuer, audience, now: clock.now() });
    },
    trusts: (issuer) => issuers.has(issuer) || domains.has(issuer),
    close() {
      for (const one of [...domains.values(), ...issuers.values()]) one.close();
    },
  };
}

interface Mapped {
  readonly agent: string;
  readonly issuer: string;
  readonly token: string;
  readonly claims: JWTPayload;
}

/** Whoever comes from outside acts for itself, and may do all that its agent may. */
const alone = { actors: [], scopes: null, parents: [] } as const;

function tokenOf(
  kind: 'jwt-svid' | 'oidc',
  { agent, issuer, token, claims }: Mapped,
): VerifiedToken {
  // Whom it acts for would be lost: the chain's names are the issuer's, not ours.
  if (claims['act'] !== undefined)
    throw refused('it acts for another; exchange it for one of ours');
  const { exp = 0 } = claims;
  const thumbprint = boundTo(claims);
  const id = tokenId(token, issuer, claims);
  return { kind, agent, id, expires: exp * 1000, ...alone, thumbprint, bound: thumbprint !== null };
}

// It only says whose keys the token must then be verified with.
function unverified(token: string): JWTPayload {
  try {
    return decodeJwt(token);
  } catch {
    return {};
  }
}
