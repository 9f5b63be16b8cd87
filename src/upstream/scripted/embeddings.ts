import { createHash } from 'node:crypto';
import { type Question, tokensOf } from './question.ts';
import { json, type ScriptedReply } from './rendered.ts';

const defaultDimensions = 8;
const mostDimensions = 3072;
const mostInputs = 2048;

/** Small vectors that depend on the input alone. They carry no meaning. */
export function embeddings(question: Question): ScriptedReply {
  const { input, dimensions, encoding_format } = question.body;
  const asked = typeof dimensions === 'number' ? Math.floor(dimensions) : defaultDimensions;
  const size = Math.min(Math.max(asked, 1), mostDimensions);
  const inputs = several(input) ? input.slice(0, mostInputs) : [input];
  const data = inputs.map((one, index) => {
    const vector = vectorOf(JSON.stringify(one) ?? '', size);
    const embedding = encoding_format === 'base64' ? base64(vector) : [...vector];
    return { object: 'embedding', index, embedding };
  });
  const tokens = tokensOf(JSON.stringify(input) ?? '');
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  return json(200, { object: 'list', data, model: question.model, usage }, question.id);
}

/** An array of numbers is one text in tokens; an array of anything else is several inputs. */
function several(input: unknown): input is unknown[] {
  return Array.isArray(input) && typeof input[0] !== 'number';
}

/** A unit vector drawn from SHA-256 in counter mode. */
function vectorOf(text: string, size: number): Float32Array {
  const vector = new Float32Array(size);
  let block = Buffer.alloc(0);
  let norm = 0;
  for (let i = 0; i < size; i++) {
    if (i % 8 === 0)
      block = createHash('sha256')
        .update(`${i / 8}:${text}`)
        .digest();
    const value = block.readInt32LE((i % 8) * 4) / 2 ** 31;
    vector[i] = value;
    norm += value * value;
  }
  return vector.map((value) => value / Math.sqrt(norm));
}

function base64(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64');
}
