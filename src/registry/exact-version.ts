/** Words by which providers name whatever they serve today. */
const moving = new Set([
  'latest',
  'current',
  'newest',
  'nightly',
  'stable',
  'default',
  'auto',
  'preview',
  'experimental',
  'exp',
  'beta',
  'main',
  'master',
]);

/** Families whose providers give plain numbers to names that move: `gpt-4`, `claude-opus-4`. */
const aliased = ['gpt', 'claude', 'gemini', 'mistral', 'grok', 'command', 'deepseek', 'sonar'];

/**
 * Why a provider's model name may mean another model tomorrow, or null if it names one exact
 * version. A heuristic over the names in use, strict on purpose: an operator who knows better says
 * `floating: true`, and that is on the record.
 *
 * Exact: a date (`2024-08-06`, `20250929`, `0613`, `2411`), a numbered release (`001`, `v3`), a
 * digest (`sha256:…`), or a tag with a digit in it (`llama3.2:3b`). A moving word (`latest`,
 * `preview`) makes a name floating unless a full date or a digest stands beside it. A plain number
 * at the end (`tour-model-1`) is exact where `version`, that of the pin, is the same number, except
 * in families whose plain numbers move.
 */
export function floatingReason(model: string, version = ''): string | null {
  const segments = model.toLowerCase().split(/[-:/@_]/);
  const dated = segments.some(isLongDate) || hasIsoDate(segments) || hasDigest(model);
  if (dated) return null;
  const word = segments.find((segment) => moving.has(segment));
  if (word !== undefined) return `\`${word}\` moves with the provider`;
  if (segments.some(isRelease) || hasTag(model) || isNumbered(model, version)) return null;
  return 'it has no date, release number, tag or digest';
}

function isLongDate(segment: string): boolean {
  return /^20\d{6}$/.test(segment);
}

function hasIsoDate(segments: readonly string[]): boolean {
  return segments.some(
    (segment, i) =>
      /^20\d\d$/.test(segment) &&
      /^\d\d$/.test(segments[i + 1] ?? '') &&
      /^\d\d$/.test(segments[i + 2] ?? ''),
  );
}

function isRelease(segment: string): boolean {
  return /^\d{3,4}$/.test(segment) || /^v\d[\d.]{0,15}$/.test(segment);
}

function isNumbered(model: string, version: string): boolean {
  const name = model.toLowerCase();
  if (!/^\d{1,4}$/.test(version) || !name.endsWith(`-${version}`)) return false;
  return !aliased.some((family) => name.includes(family));
}

function hasDigest(model: string): boolean {
  return /[:@][0-9a-f]{12,64}$/.test(model.toLowerCase());
}

function hasTag(model: string): boolean {
  const colon = model.lastIndexOf(':');
  return colon > 0 && /\d/.test(model.slice(colon + 1));
}
