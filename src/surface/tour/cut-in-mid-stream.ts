import { control, expect, type TourWorld } from './step.ts';
import { clientWith, ownToken, type TourAgent } from './tour-agent.ts';

/** An agent is disabled while an answer streams to it: how long it takes until nothing comes. */
export async function cutInMidStream(world: TourWorld, agent: TourAgent): Promise<void> {
  const { out, clock } = world;
  out.title('10. An agent that is stopped in mid-stream');
  const client = clientWith(world, await ownToken(world, agent), agent.key);
  const stream = await client.chat.completions.create({
    model: 'tour',
    stream: true,
    messages: [{ role: 'user', content: 'Tell me a long story' }],
  });
  out.show('agent', 'Tell me a long story   (streaming)');
  let text = '';
  let stopped = 0;
  let disabling: Promise<unknown> = Promise.resolve();
  const end = await read(stream, (piece) => {
    text += piece;
    if (stopped > 0 || text.length < 40) return;
    stopped = clock.now();
    disabling = control(world, `/v1/agents/${agent.name}/disable`, {});
  });
  const took = clock.now() - stopped;
  await disabling;
  out.show('model', text);
  expect(stopped > 0 && end !== null, 'the stream of a disabled agent went on to its end');
  out.show('cut', end?.message ?? '');
  out.good(`from the order to the last byte: ${took} ms`);
  const again = await client.models.list().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(again !== null, 'a disabled agent was let in again');
}

async function read(
  stream: AsyncIterable<{ choices: readonly { delta: { content?: string | null } }[] }>,
  piece: (text: string) => void,
): Promise<Error | null> {
  try {
    for await (const { choices } of stream) piece(choices[0]?.delta.content ?? '');
    return null;
  } catch (thrown) {
    return thrown as Error;
  }
}
