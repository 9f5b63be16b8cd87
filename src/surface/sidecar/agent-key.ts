import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { GatehouseError } from '../../kernel/index.ts';

/** The public half of an EC P-256 key as a JWK (RFC 7517, RFC 7518 section 6.2). */
export interface PublicJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
  /** The key's thumbprint (RFC 7638, SHA-256, base64url). */
  readonly kid: string;
  readonly alg: 'ES256';
  readonly use: 'sig';
}

/** A key that signs. `secret` is opaque: nothing prints or serialises it by accident. */
export interface SigningKey {
  readonly secret: KeyObject;
  readonly jwk: PublicJwk;
}

/** A fresh P-256 key. */
export function newSigningKey(): SigningKey {
  return signingKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
}

/**
 * Where an agent's private key lies unless told otherwise: `.gatehouse/agents/NAME.jwk` in the home
 * folder. Not beside the configuration: the program works there, and a commit could take it along.
 *
 * @throws GatehouseError `bad_request` for what is no agent's name.
 */
export function agentKeyPath(
  env: Readonly<Record<string, string | undefined>>,
  agent: string,
): string {
  if (!/^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/.test(agent)) {
    const mend = 'use 1 to 64 of a-z, 0-9, dot, hyphen, underscore';
    throw new GatehouseError(
      'bad_request',
      `\`${agent.slice(0, 80)}\` is no agent's name; ${mend}`,
    );
  }
  const home = env['HOME'] ?? env['USERPROFILE'] ?? homedir();
  return resolve(home, '.gatehouse', 'agents', `${agent}.jwk`);
}

/** Where the public half of a key file lies: `NAME.jwk` has `NAME.public.jwk` beside it. */
export function publicKeyPath(file: string): string {
  return `${file.replace(/\.jwk$/, '')}.public.jwk`;
}

/**
 * Writes a private key for its owner alone (mode 0600), and its public half beside it.
 *
 * @throws GatehouseError `conflict` if there is a file: a key is never overwritten.
 */
export function writeSigningKey(file: string, { secret, jwk }: SigningKey): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const whole = { ...jwk, d: secret.export({ format: 'jwk' }).d };
  try {
    writeFileSync(file, `${JSON.stringify(whole)}\n`, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      const mend = 'a key is never overwritten; pass --out, or --register to register this one';
      throw new GatehouseError('conflict', `\`${file}\` exists; ${mend}`, { cause });
    }
    throw new GatehouseError('bad_request', `\`${file}\` cannot be written (${code})`, { cause });
  }
  writeFileSync(publicKeyPath(file), `${JSON.stringify(jwk)}\n`, { mode: 0o644 });
}

/**
 * Reads a private key; `agent` is whose it should be, for what to do where there is none.
 *
 * @throws GatehouseError `bad_request` for a file that is not there, that others may read, or that
 *   holds no P-256 private key. The message never quotes the file.
 */
export function readSigningKey(file: string, agent = 'NAME'): SigningKey {
  const text = ownText(file, agent);
  let secret: KeyObject;
  try {
    const { kty, crv, x, y, d } = JSON.parse(text);
    secret = createPrivateKey({ key: { kty, crv, x, y, d }, format: 'jwk' });
  } catch {
    // Without the cause: it could quote the key.
    throw notAKey(file, agent);
  }
  if (secret.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw notAKey(file, agent);
  return signingKey(secret);
}

function notAKey(file: string, agent: string): GatehouseError {
  const mend = `make one with \`gatehouse agent keygen ${agent}\``;
  return new GatehouseError('bad_request', `\`${file}\` holds no P-256 private JWK; ${mend}`);
}

// INVARIANT: mode and text are of one open file, so that nobody swaps it between the two.
function ownText(file: string, agent: string): string {
  let handle: number;
  try {
    handle = openSync(file, 'r');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const mend = `make it with \`gatehouse agent keygen ${agent}\`, or pass --key FILE`;
    throw new GatehouseError('bad_request', `no key at \`${file}\` (${code}); ${mend}`, { cause });
  }
  try {
    const { mode } = fstatSync(handle);
    // Windows keeps no such mode.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      const shown = (mode & 0o777).toString(8);
      const message = `others may read the key \`${file}\` (mode ${shown}); chmod 600 ${file}`;
      throw new GatehouseError('bad_request', message);
    }
    return readFileSync(handle, 'utf8');
  } finally {
    closeSync(handle);
  }
}

function signingKey(secret: KeyObject): SigningKey {
  const { x = '', y = '' } = secret.export({ format: 'jwk' });
  // RFC 7638, section 3: these members, in this order, without space.
  const canonical = JSON.stringify({ crv: 'P-256', kty: 'EC', x, y });
  const kid = createHash('sha256').update(canonical).digest('base64url');
  return { secret, jwk: { kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' } };
}
