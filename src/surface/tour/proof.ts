import type { Trace } from '../contract/index.ts';
import { control, controlText, expect, type TourWorld } from './step.ts';

/** A call as the record tells it. */
export async function toldTrace(world: TourWorld, id: string): Promise<void> {
  const { out } = world;
  out.title('5. One call, told');
  const trace = await control<Trace>(world, `/v1/traces/${id}`);
  out.say(trace.summary.story);
  for (const block of trace.path) {
    const name = { input: 'input', model: 'model version', output: 'output', action: 'action' };
    out.show(name[block.block], `${block.level ?? '-'}: ${block.text}`);
  }
  out.good(`see it again: gatehouse trace show ${id}`);
}

/** The proof of a call, whole and with one byte changed. */
export async function verifiedBundle(world: TourWorld, id: string): Promise<void> {
  const { out } = world;
  out.title('6. The proof, for an outsider');
  const text = await controlText(world, `/v1/traces/${id}/bundle?bodies=true`);
  const whole = await world.verify(text);
  expect(whole.problem === null, `the bundle does not verify: ${whole.problem}`);
  out.good(`accepted: ${whole.checks.length} checks hold, offline`);
  const flipped = flippedByte(text);
  const broken = await world.verify(flipped);
  expect(broken.problem !== null, 'a flipped byte went unnoticed');
  out.show('1 byte flipped', `rejected: ${broken.problem}`);
}

/** The bundle with one character of one recorded entry changed: `allow` becomes `alloW`, and so on. */
function flippedByte(text: string): string {
  const at = text.indexOf('tour-bot');
  expect(at > 0, 'the bundle names no agent');
  return `${text.slice(0, at)}T${text.slice(at + 1)}`;
}
