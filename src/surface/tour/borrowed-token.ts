import OpenAI, { AuthenticationError } from 'openai';
import { newSigningKey } from '../sidecar/agent-key.ts';
import { expect, type TourWorld } from './step.ts';
import { clientWith, ownToken, type TourAgent } from './tour-agent.ts';

const question = {
  model: 'tour',
  messages: [{ role: 'user' as const, content: 'What is a gatehouse?' }],
};

/** A short-lived token, bound to a key: whoever copies it has nothing. */
export async function borrowedToken(world: TourWorld, agent: TourAgent): Promise<void> {
  const { out } = world;
  out.title('7. A token that another agent borrows');
  const token = await ownToken(world, agent);
  const answer = await clientWith(world, token, agent.key).chat.completions.create(question);
  expect((answer.choices[0]?.message.content ?? '') !== '', 'the agent got no answer');
  out.show('agent', `${agent.name} took a token for five minutes, bound to its key: answered`);
  const { gatewayUrl, fetch } = world;
  const bearer = new OpenAI({ apiKey: token, baseURL: `${gatewayUrl}/v1`, fetch, maxRetries: 0 });
  await refused(world, 'as a bearer', bearer);
  await refused(world, 'with a key of its own', clientWith(world, token, newSigningKey()));
  out.good('the very token, byte for byte, is worth nothing without the key');
}

async function refused({ out }: TourWorld, how: string, thief: OpenAI): Promise<void> {
  const error = await thief.chat.completions.create(question).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error instanceof AuthenticationError, `a borrowed token was taken ${how}`);
  out.show('borrower', `sends the same token ${how}`);
  out.show('refused', (error as Error).message);
}
