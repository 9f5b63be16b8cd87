/**
 * True if the token says every one of these, exactly. A name that begins with `/` is a JSON pointer
 * (RFC 6901) into the claims, such as `/kubernetes.io/namespace`. A number or a boolean is compared
 * as JSON writes it; a list or an object equals nothing.
 */
export function claimsMatch(
  rules: Readonly<Record<string, string>>,
  claims: Readonly<Record<string, unknown>>,
): boolean {
  return Object.entries(rules).every(([name, wanted]) => textOf(claimAt(claims, name)) === wanted);
}

function claimAt(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  if (!name.startsWith('/')) return own(claims, name);
  const steps = name.slice(1).split('/');
  return steps
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>(own, claims);
}

// Own members only: `constructor` is no claim of a token.
function own(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || Number.isSafeInteger(value)) return String(value);
  return undefined;
}
