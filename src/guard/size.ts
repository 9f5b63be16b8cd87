import type { Control, Opinion, Subject } from '../kernel/index.ts';

/** The most that a subject may have. `text` is UTF-16 code units of one text. */
export interface SizeLimits {
  readonly bytes: number;
  readonly messages: number;
  readonly depth: number;
  readonly tools: number;
  readonly text?: number;
}

const counted = ['bytes', 'messages', 'depth', 'tools'] as const;
const within: Opinion = Object.freeze({ level: 'allow', settled: 'all' });

/**
 * `guard.size`: denies what is larger than the limits, by what the gateway measured (bytes, messages,
 * nesting depth, tools) and by the length of each text. A measure that is no count is too large.
 */
export function sizeControl(limits: SizeLimits): Control {
  const text = limits.text ?? limits.bytes;
  return {
    id: 'guard.size',
    stages: ['enter', 'input', 'output', 'action'],
    serves: ['D2', 'I4'],
    windowed: true,
    judge({ measures, parts }: Subject): Opinion {
      for (const name of counted) {
        const value = measures[name];
        // NaN and negative numbers fail this comparison too, and are refused.
        if (value !== undefined && !(value >= 0 && value <= limits[name])) {
          return tooLarge(name, value, limits[name]);
        }
      }
      for (const part of parts) {
        // In a stream the part is a window; its channel's whole length so far is what counts.
        const length = (part.base ?? 0) + part.text.length;
        if (length > text) return tooLarge('text', length, text);
      }
      return within;
    },
  };
}

const units = {
  bytes: 'bytes',
  messages: 'messages',
  depth: 'levels of nesting',
  tools: 'tools',
  text: 'characters in one text',
} as const;

function tooLarge(measure: keyof typeof units, value: number, limit: number): Opinion {
  return {
    level: 'deny',
    code: `size_${measure}`,
    reason: `${value} ${units[measure]} are more than the ${limit} allowed; send less`,
    evidence: { measure, limit, ...(Number.isFinite(value) ? { value } : {}) },
    settled: 'all',
  };
}
