import type { Socket } from 'node:net';

/** What node's TLS sockets tell of the other side. */
interface Shown {
  readonly raw?: Buffer;
  readonly issuerCertificate?: Shown;
}
interface Secured {
  getPeerCertificate?(detailed: true): Shown;
}

const none: readonly Uint8Array[] = Object.freeze([]);
const longestChain = 8;
const known = new WeakMap<Socket, readonly Uint8Array[]>();

/**
 * The certificate chain that the client showed when its connection began, DER, leaf first; empty
 * without TLS or without a certificate. TLS has proved that the client holds the leaf's key; whether
 * anybody trusts the chain is not said here.
 */
export function certificatesOf(socket: Socket): readonly Uint8Array[] {
  const { getPeerCertificate } = socket as unknown as Secured;
  if (getPeerCertificate === undefined) return none;
  const found = known.get(socket);
  if (found !== undefined) return found;
  const chain: Uint8Array[] = [];
  let at: Shown | undefined = getPeerCertificate.call(socket, true);
  while (at?.raw !== undefined && chain.length < longestChain) {
    chain.push(at.raw);
    // A root is its own issuer.
    at = at.issuerCertificate === at ? undefined : at.issuerCertificate;
  }
  known.set(socket, chain);
  return chain;
}
