import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isSecretJwk } from '../contract/index.ts';
import { CommandError, exitCodes } from './exit.ts';

/**
 * Reads a public key from a file: a JWK (RFC 7517), or PEM (RFC 7468, `PUBLIC KEY` or
 * `CERTIFICATE`).
 *
 * INVARIANT: a private key never leaves this machine, and no message quotes the file.
 *
 * @throws CommandError for any other file.
 */
export function readPublicKey(file: string): JsonWebKey {
  const text = read(file);
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) throw secret(file);
  if (/-----BEGIN (?:PUBLIC KEY|CERTIFICATE)-----/.test(text)) return ofPem(file, text);
  const jwk = ofJson(text);
  if (jwk === null) throw noKey(file);
  if (isSecretJwk(jwk)) throw secret(file);
  return jwk as JsonWebKey;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new CommandError(exitCodes.local, `\`${file}\` cannot be read (${code})`, { cause });
  }
}

function ofPem(file: string, text: string): JsonWebKey {
  try {
    return createPublicKey(text).export({ format: 'jwk' });
  } catch {
    throw noKey(file);
  }
}

function ofJson(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    const plain = typeof value === 'object' && value !== null && 'kty' in value;
    return plain ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function secret(file: string): CommandError {
  const mend = 'nothing was sent; pass the public half (`gatehouse agent keygen` writes both)';
  return new CommandError(exitCodes.local, `\`${file}\` holds a private key; ${mend}`);
}

function noKey(file: string): CommandError {
  const mend = 'give a JWK, or a public key or certificate in PEM';
  return new CommandError(exitCodes.local, `\`${file}\` holds no public key; ${mend}`);
}
