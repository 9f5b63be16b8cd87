import { GatehouseError } from '../kernel/index.ts';
import type { UpstreamDefinition } from './definition.ts';

/** Where an upstream is and how a request to it looks; computed once, so that a call copies little. */
export interface Target {
  readonly origin: string;
  /** The path and query of a call. */
  pathOf(path: string, model: string): string;
  /** Names and values in turn, as undici takes them. */
  headersOf(stream: boolean, extra: Readonly<Record<string, string>>): string[];
}

const forwarded = ['anthropic-version', 'anthropic-beta'] as const;

// These belong to the connection or to this room; a definition may not speak of them.
const reserved = new Set([
  'accept',
  'accept-encoding',
  'authorization',
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The target of an upstream that is nowhere. */
export const noTarget: Target = { origin: '', pathOf: (path) => path, headersOf: () => [] };

/**
 * Reads a definition's address, key and headers.
 *
 * @throws GatehouseError `bad_config` that names the upstream and the member, never a key.
 */
export function targetOf(definition: UpstreamDefinition): Target {
  const url = address(definition);
  const base = url.pathname.replace(/\/$/, '');
  const query = queryOf(definition);
  const paths = new Map<string, string>();
  const headers = fixedHeaders(definition);
  const json = [...headers, 'accept', 'application/json'];
  const events = [...headers, 'accept', 'text/event-stream'];
  const anthropic = definition.kind === 'anthropic';
  return {
    origin: url.origin,
    pathOf(path, model) {
      const key = `${path} ${model}`;
      const known = paths.get(key);
      if (known !== undefined) return known;
      const found = joined(base, path, model, anthropic) + query;
      // Versions are pinned, so there are few; a caller cannot make this grow without end.
      if (paths.size < 1000) paths.set(key, found);
      return found;
    },
    headersOf(stream, extra) {
      const all = stream ? events.slice() : json.slice();
      if (!anthropic) return all;
      for (const name of forwarded) {
        const value = extra[name] ?? (name === 'anthropic-version' ? '2023-06-01' : undefined);
        if (value === undefined) continue;
        if (!sendable(value)) throw new GatehouseError('bad_request', badHeader(name));
        all.push(name, value);
      }
      return all;
    },
  };
}

function badHeader(name: string): string {
  return `header \`${name}\` holds characters that no header may hold; send it in plain ASCII`;
}

function address(definition: UpstreamDefinition): URL {
  const { name, url, allowPlainHttp } = definition;
  if (url === undefined) throw bad(name, 'url', 'is missing; give the address of the upstream');
  if (!URL.canParse(url)) throw bad(name, 'url', 'is no URL; write it as `https://host/path`');
  const parsed = new URL(url);
  if (parsed.username !== '' || parsed.password !== '') {
    throw bad(name, 'url', 'holds a user or password; use `key` or `headers`');
  }
  if (parsed.search !== '' || parsed.hash !== '') {
    throw bad(name, 'url', 'holds a query or fragment; use `query`');
  }
  if (parsed.protocol === 'https:') return parsed;
  if (parsed.protocol !== 'http:') throw bad(name, 'url', 'must begin with `https://`');
  if (!loopback(parsed.hostname) && allowPlainHttp !== true) {
    throw bad(name, 'url', 'is plain HTTP off the loopback; use `https://` or `allowPlainHttp`');
  }
  return parsed;
}

function loopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function joined(base: string, path: string, model: string, anthropic: boolean): string {
  const filled = base.includes('%7Bmodel%7D')
    ? base.replaceAll('%7Bmodel%7D', encodeURIComponent(model))
    : base;
  const inV1 = path.startsWith('/v1/');
  if (filled === '' || !inV1) return filled + path;
  // An OpenAI base URL contains its version, an Anthropic one does not (as their clients have it).
  if (anthropic && !filled.endsWith('/v1')) return filled + path;
  return filled + path.slice('/v1'.length);
}

function queryOf({ query }: UpstreamDefinition): string {
  const text = new URLSearchParams(query ?? {}).toString();
  return text === '' ? '' : `?${text}`;
}

function fixedHeaders(definition: UpstreamDefinition): string[] {
  const { name, apiKey, kind } = definition;
  const all = new Map([
    ['content-type', 'application/json'],
    ['accept-encoding', 'identity'],
    ['user-agent', 'gatehouse'],
  ]);
  for (const [key, value] of Object.entries(definition.headers ?? {})) {
    const lower = key.toLowerCase();
    const path = `headers.${key}`;
    if (reserved.has(lower) || !/^[a-z0-9-]{1,64}$/.test(lower)) {
      throw bad(name, path, 'is not for you to set; use `key` for credentials');
    }
    if (!sendable(value)) throw bad(name, path, 'holds characters that no header may hold');
    all.set(lower, value);
  }
  if (apiKey === undefined) return [...all].flat();
  if (apiKey === '' || !sendable(apiKey)) {
    throw bad(name, 'key', 'is empty or holds characters that no header may hold');
  }
  const auth = definition.auth ?? (kind === 'anthropic' ? 'x-api-key' : 'bearer');
  if (auth === 'bearer') all.set('authorization', `Bearer ${apiKey}`);
  else all.set(auth, apiKey);
  return [...all].flat();
}

/** Visible ASCII, spaces and tabs: what passes every parser on the way unchanged. */
function sendable(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if ((code < 0x20 && code !== 9) || code > 0x7e) return false;
  }
  return true;
}

function bad(name: string, member: string, what: string): GatehouseError {
  return new GatehouseError('bad_config', `\`upstreams.${name}.${member}\` ${what}`);
}
