import { RateLimitError } from 'openai';
import { expect, type TourWorld } from './step.ts';
import { clientWith, ownToken, type TourAgent } from './tour-agent.ts';

const mostCalls = 10;

/** A budget in money: reserved before each call, settled by what the provider reports. */
export async function budgetThatEnds(world: TourWorld, agent: TourAgent): Promise<void> {
  const { out } = world;
  out.title('9. A budget that ends');
  const client = clientWith(world, await ownToken(world, agent), agent.key);
  for (let call = 1; call <= mostCalls; call++) {
    const answer = await client.chat.completions
      .create({
        model: 'tour-metered',
        max_tokens: 100,
        messages: [{ role: 'user', content: 'What is a gatehouse?' }],
      })
      .catch((thrown: unknown) => thrown as Error);
    if (answer instanceof Error) {
      expect(answer instanceof RateLimitError && call > 1, `call ${call}: ${answer.message}`);
      out.show('refused', answer.message);
      out.good('the next call could have gone over the limit, so it was not made');
      return;
    }
    out.show('agent', `call ${call}: answered, ${answer.usage?.total_tokens ?? 0} tokens`);
  }
  expect(false, 'the budget did not end');
}
