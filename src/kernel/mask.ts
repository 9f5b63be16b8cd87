/**
 * A span that may not pass. `path` names the part (RFC 6901 pointer or stream channel),
 * `start` and `end` are UTF-16 code units, half open, and `labels` say what was found there.
 * Masks are all that an amendment can say: it takes away and never adds.
 */
export interface Mask {
  readonly path: string;
  readonly start: number;
  readonly end: number;
  readonly labels: readonly string[];
}

/** Unites masks: spans of one path that overlap become one, labels are united; the order is canonical. */
export function mergeMasks(...sets: readonly (readonly Mask[])[]): readonly Mask[] {
  const all = sets.flat().filter((mask) => mask.end > mask.start);
  if (all.length < 2) return all.map(withSortedLabels);
  all.sort((a, b) => order(a.path, b.path) || a.start - b.start || a.end - b.end);
  const merged: Mask[] = [];
  for (const mask of all) {
    const last = merged.at(-1);
    if (last !== undefined && last.path === mask.path && mask.start < last.end) {
      const fresh = mask.labels.filter((label) => !last.labels.includes(label));
      const labels = fresh.length === 0 ? last.labels : [...last.labels, ...fresh];
      merged[merged.length - 1] = { ...last, end: Math.max(last.end, mask.end), labels };
    } else merged.push(mask);
  }
  return merged.map(withSortedLabels);
}

/** The text with every mask of it replaced by `[masked:label]`. Masks must be merged and of one path. */
export function applyMasks(text: string, masks: readonly Mask[]): string {
  let out = '';
  let from = 0;
  for (const mask of masks) {
    out += `${text.slice(from, mask.start)}[masked:${mask.labels.join('+')}]`;
    from = mask.end;
  }
  return out + text.slice(from);
}

function withSortedLabels(mask: Mask): Mask {
  return { ...mask, labels: [...new Set(mask.labels)].sort(order) };
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
