// A program as people write it, with the official clients, set up by its environment alone. It
// reports what it can see of itself and of its traffic; what it finds is judged by the test.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

interface Exchange {
  readonly url: string;
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

const traffic: Promise<Exchange>[] = [];

/** The platform's own fetch, with what came back kept. */
async function watched(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const answer = await fetch(input, init);
  const { status, headers } = answer;
  const [own, theirs] = (answer.body as ReadableStream).tee();
  const facts = { url: String(input), status, headers: [...headers] };
  traffic.push(new Response(own).text().then((body) => ({ ...facts, body })));
  return new Response(theirs, answer);
}

const [model = '', claude = ''] = process.argv.slice(2);
const messages = [{ role: 'user' as const, content: 'What is a gatehouse?' }];
const openai = new OpenAI({ fetch: watched, maxRetries: 0 });
const anthropic = new Anthropic({ fetch: watched, maxRetries: 0 });

const chat = await openai.chat.completions.create({ model, messages });
const streamed: string[] = [];
for await (const chunk of await openai.chat.completions.create({ model, messages, stream: true })) {
  streamed.push(chunk.choices[0]?.delta.content ?? '');
}
const message = await anthropic.messages.create({ model: claude, max_tokens: 99, messages });
const stream = anthropic.messages.stream({ model: claude, max_tokens: 99, messages });
const final = await stream.finalMessage();

process.stdout.write(
  JSON.stringify({
    texts: [
      chat.choices[0]?.message.content,
      streamed.join(''),
      ...[message, final].map(({ content: [block] }) => block?.type === 'text' && block.text),
    ],
    environment: process.env,
    initial: contents('/proc/self/environ'),
    argv: [...process.execArgv, ...process.argv],
    open: openFiles(),
    traffic: await Promise.all(traffic),
  }),
);

function contents(file: string): string {
  try {
    return readFileSync(file, 'latin1').slice(0, 100_000);
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

function openFiles(): readonly object[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc/self/fd').map((fd) => {
    const file = contentsOfLink(`/proc/self/fd/${fd}`);
    const regular = file.startsWith('/') && !/^\/(dev|proc)\//.test(file);
    return { file, text: regular ? contents(file) : '' };
  });
}

function contentsOfLink(link: string): string {
  try {
    return readlinkSync(link);
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
