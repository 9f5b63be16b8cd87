import type { Presented } from '../../src/identity/index.ts';

const place = { method: 'POST', url: 'https://gateway.example/v1/chat/completions' };

/** A key or a token as a bearer shows it; null: nothing is shown. */
export function bearer(credential: string | null): Presented {
  const scheme = credential === null ? 'none' : 'bearer';
  return { scheme, credential, proof: null, certificates: [], ...place };
}

/** A token with the proof that its key is held. */
export function dpop(credential: string, proof: string | null): Presented {
  return { scheme: 'dpop', credential, proof, certificates: [], ...place };
}

/** A client's certificates without anything else. */
export function certified(certificates: readonly Uint8Array[]): Presented {
  return { scheme: 'none', credential: null, proof: null, certificates, ...place };
}
