import { type Control, keysPath, type Mask, type Opinion, type Subject } from '../kernel/index.ts';
import { type Scan, type SecretScan, secretScan } from './secret-scan.ts';

const most = 10_000;

const nothing: Opinion = Object.freeze({ level: 'allow', settled: 'all' });

interface Sum {
  readonly masks: Mask[];
  readonly kinds: Map<string, number>;
  readonly settled: Record<string, number>;
  inKeys: boolean;
  unterminated: boolean;
}

/**
 * `guard.secrets`: masks credentials in what goes to a model, comes from it, or goes to a tool, as
 * `[masked:secret.github_token]`. Denies what cannot be masked: a secret in a property name, a
 * private key without an end. Judges streams piece by piece and holds only what may be the
 * beginning of a secret.
 */
export function secretsControl(): Control {
  const scan = secretScan();
  return {
    id: 'guard.secrets',
    stages: ['input', 'output', 'action'],
    serves: ['D3', 'D2'],
    windowed: true,
    judge: (subject) => opinionOn(scan, subject),
  };
}

function opinionOn(scan: SecretScan, { parts, window }: Subject): Opinion {
  let sum: Sum | null = null;
  for (const { path, text, released = 0, whole } of parts) {
    const final = window === undefined || window.final || whole === true;
    const said = scan(text, final, released);
    const { secrets, unterminated, settled } = said;
    if (secrets.length === 0 && !unterminated && settled === text.length) continue;
    sum ??= { masks: [], kinds: new Map(), settled: {}, inKeys: false, unterminated: false };
    note(sum, path, said, released);
  }
  if (sum === null) return nothing;
  if (window !== undefined) {
    for (const { path, text } of parts) sum.settled[path] ??= text.length;
  }
  return told(sum, window !== undefined);
}

function note(sum: Sum, path: string, said: Scan, released: number): void {
  sum.settled[path] = said.settled;
  sum.unterminated ||= said.unterminated;
  for (const { start, end, labels } of said.secrets) {
    if (end <= released) continue;
    for (const label of labels) sum.kinds.set(label, (sum.kinds.get(label) ?? 0) + 1);
    if (path === keysPath) sum.inKeys = true;
    else sum.masks.push({ path, start: Math.max(start, released), end, labels });
  }
}

function told({ masks, kinds, settled, inKeys, unterminated }: Sum, windowed: boolean): Opinion {
  const found = windowed ? { settled } : {};
  const names = [...kinds.keys()].sort();
  const evidence = {
    secrets: Object.fromEntries(names.map((name) => [name, kinds.get(name) ?? 0])),
  };
  if (unterminated) {
    const reason =
      'a private key begins and does not end within 32 KiB; send it whole or not at all';
    return { level: 'deny', code: 'secret_unterminated', reason, evidence, ...found };
  }
  if (inKeys) {
    const reason = `a property name holds ${names.join(', ')}, which cannot be masked; rename it`;
    return { level: 'deny', code: 'secret_in_key', reason, evidence, ...found };
  }
  if (masks.length > most) {
    const reason = `more than ${most} secrets; send less`;
    return { level: 'deny', code: 'secret_too_many', reason, evidence, ...found };
  }
  if (masks.length === 0) return { level: 'allow', ...found };
  const reason = `masked ${names.join(', ')}`;
  return { level: 'amend', code: 'secret_masked', reason, masks, evidence, ...found };
}
