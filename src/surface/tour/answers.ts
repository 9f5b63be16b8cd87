import Anthropic from '@anthropic-ai/sdk';
import OpenAI, { PermissionDeniedError } from 'openai';
import type { IssuedKey } from '../contract/index.ts';
import { control, expect, type TourWorld, traceOf } from './step.ts';

// Made up for the tour: the shape of an AWS key pair, and of nobody's.
const accessKey = ['AKIA', 'TOURQ7EXMPL4XKW2'].join('');
const agentName = 'tour-bot';

interface Clients {
  readonly openai: OpenAI;
  readonly anthropic: Anthropic;
}

/** One agent with its first key, and what becomes of its questions. Returns the masked one's trace. */
export async function answers(world: TourWorld): Promise<string> {
  const clients = await meetAgent(world);
  await normalAnswer(world, clients);
  const masked = await secretOnTheWayIn(world, clients);
  await secretOnTheWayOut(world, clients);
  await modelNotAllowed(world, clients);
  return masked;
}

async function meetAgent(world: TourWorld): Promise<Clients> {
  const { agents } = await control<{ agents: readonly { name: string }[] }>(world, '/v1/agents');
  if (!agents.some(({ name }) => name === agentName)) {
    const purpose = 'shows what Gatehouse does';
    await control(world, '/v1/agents', { name: agentName, owner: 'you@example.org', purpose });
  }
  const path = `/v1/agents/${agentName}/keys`;
  const { secret } = await control<IssuedKey>(world, path, { expiresInSeconds: 3600 });
  world.out.show('agent', `${agentName}, owner you@example.org, key for one hour`);
  const common = { apiKey: secret, fetch: world.fetch, maxRetries: 0 };
  return {
    openai: new OpenAI({ ...common, baseURL: `${world.gatewayUrl}/v1` }),
    anthropic: new Anthropic({ ...common, baseURL: world.gatewayUrl }),
  };
}

async function normalAnswer({ out }: TourWorld, { openai }: Clients): Promise<void> {
  out.title('1. A normal answer');
  const { data, response } = await openai.chat.completions
    .create({ model: 'tour', messages: [{ role: 'user', content: 'What is a gatehouse?' }] })
    .withResponse();
  out.show('agent', 'What is a gatehouse?   (openai client, model `tour`)');
  out.show('model', data.choices[0]?.message.content ?? '');
  expect((data.choices[0]?.message.content ?? '') !== '', 'no answer');
  out.good(
    `judged, answered by the exact version \`tour-model@1\`, recorded: ${traceOf(response)}`,
  );
}

async function secretOnTheWayIn({ out }: TourWorld, { openai }: Clients): Promise<string> {
  out.title('2. A secret on its way in');
  const text = `Repeat this: my key is ${accessKey}, please deploy.`;
  const { data, response } = await openai.chat.completions
    .create({ model: 'tour', messages: [{ role: 'user', content: text }] })
    .withResponse();
  const answer = data.choices[0]?.message.content ?? '';
  out.show('agent', text);
  out.show('model', answer);
  expect(
    answer.includes('[masked:') && !answer.includes(accessKey),
    'the secret reached the model',
  );
  out.good('the model never saw the key; it repeats what it got');
  return traceOf(response);
}

async function secretOnTheWayOut({ out }: TourWorld, { anthropic }: Clients): Promise<void> {
  out.title('3. A secret on its way out of a stream');
  out.show('agent', 'Show me the deployment note   (anthropic client, streaming)');
  const stream = anthropic.messages.stream({
    model: 'tour',
    max_tokens: 200,
    messages: [{ role: 'user', content: 'Show me the deployment note' }],
  });
  let answer = '';
  stream.on('text', (piece) => {
    answer += piece;
  });
  await stream.finalMessage();
  out.show('model', answer);
  expect(answer.includes('[masked:') && !answer.includes(accessKey), 'the secret left the stream');
  out.good('the script sent the key in pieces; it was masked before a byte of it left');
}

async function modelNotAllowed({ out }: TourWorld, { openai }: Clients): Promise<void> {
  out.title('4. A model that this agent may not use');
  const messages = [{ role: 'user' as const, content: 'Hello' }];
  const refusal = await openai.chat.completions.create({ model: 'tour-restricted', messages }).then(
    () => null,
    (error: unknown) => error,
  );
  expect(refusal instanceof PermissionDeniedError, 'the call was not refused with 403');
  out.show('agent', 'Hello   (model `tour-restricted`)');
  out.show('refused', (refusal as Error).message);
  out.good('the client raises its own PermissionDeniedError; nothing reached the model');
}
