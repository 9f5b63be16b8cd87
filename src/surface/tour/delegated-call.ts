import type { Trace } from '../contract/index.ts';
import { control, expect, type TourWorld, traceOf } from './step.ts';
import { clientWith, granted, ownToken, tourAgent } from './tour-agent.ts';

const accessToken = 'urn:ietf:params:oauth:token-type:access_token';

/** One agent calls on behalf of another: the chain stands in every decision, and scopes narrow. */
export async function delegatedCall(world: TourWorld): Promise<void> {
  const { out } = world;
  out.title('8. A call on behalf of another');
  const planner = await tourAgent(world, 'tour-planner');
  const worker = await tourAgent(world, 'tour-worker');
  const scope = 'call_model:general';
  const theirs = await ownToken(world, planner, scope);
  out.show('tour-planner', `takes a token that is good for \`${scope}\``);
  const exchange = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: theirs,
    subject_token_type: accessToken,
  };
  const wide = await granted(world, worker, { ...exchange, scope: 'call_model' });
  expect(!wide.ok, 'an exchange widened a scope');
  out.show('tour-worker', 'exchanges it for one of its own, and asks for more: `call_model`');
  out.show('refused', wide.error);
  const narrow = await granted(world, worker, exchange);
  expect(narrow.ok, `no exchange: ${narrow.error}`);
  const { response } = await clientWith(world, narrow.token, worker.key)
    .chat.completions.create({
      model: 'tour',
      messages: [{ role: 'user', content: 'What is a gatehouse?' }],
    })
    .withResponse();
  const trace = await control<Trace>(world, `/v1/traces/${traceOf(response)}`);
  out.say(trace.summary.story);
  const told = trace.summary.story;
  expect(told.includes('tour-worker') && told.includes('tour-planner'), 'the chain is not told');
  out.good('the record names the whole chain, and no hop can be left out or added');
}
