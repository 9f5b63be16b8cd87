import { answers } from './answers.ts';
import { borrowedToken } from './borrowed-token.ts';
import { budgetThatEnds } from './budget-that-ends.ts';
import { cutInMidStream } from './cut-in-mid-stream.ts';
import { delegatedCall } from './delegated-call.ts';
import { toldTrace, verifiedBundle } from './proof.ts';
import type { TourWorld } from './step.ts';
import { tourAgent } from './tour-agent.ts';

/**
 * Plays the tour through the real HTTP path with the official clients. The model is a script that
 * says so; everything else is the product. Under 30 seconds, no network.
 *
 * @throws GatehouseError `unverified` when the product does not do what the tour tells.
 */
export async function tour(world: TourWorld): Promise<void> {
  const begun = world.clock.now();
  const { out } = world;
  out.title('Gatehouse, the tour');
  out.say(
    'Agents, their own keys, two official clients, and a scripted model that stands in for a',
  );
  out.say('hosted one. Every call below goes through the gateway over HTTP, as yours would.');
  const masked = await answers(world);
  await toldTrace(world, masked);
  await verifiedBundle(world, masked);
  const intern = await tourAgent(world, `tour-intern-${serial(world)}`);
  await borrowedToken(world, intern);
  await delegatedCall(world);
  await budgetThatEnds(world, intern);
  await cutInMidStream(world, intern);
  const seconds = ((world.clock.now() - begun) / 1000).toFixed(1);
  out.title(`That was the tour, in ${seconds} s`);
}

/** The intern is disabled in the end, so each tour has one of its own. */
function serial({ random }: TourWorld): string {
  return Buffer.from(random(4)).toString('hex');
}
