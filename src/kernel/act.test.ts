import assert from 'node:assert/strict';
import { test } from 'node:test';
import { about, bound, control, handClock, memoryRecord } from '../../test/kernel/world.ts';
import { act, decide, GatehouseError, type Permit } from './index.ts';
import { Permit as PermitClass } from './permit.ts';

const code = (wanted: string) => (error: unknown) =>
  error instanceof GatehouseError && error.code === wanted;

const masks = [{ path: '/t', start: 3, end: 6, labels: ['secret'] }];
const point = {
  bindings: [
    bound(
      control(({ parts }) => (parts.length > 0 ? { level: 'amend', masks } : { level: 'allow' })),
    ),
  ],
  recorder: memoryRecord(),
  clock: handClock(),
};
const input = () => about('input', [{ path: '/t', role: 'user', text: 'my key' }], { t: 'my key' });

async function permitFor(subject: ReturnType<typeof about>): Promise<Permit> {
  const { permit } = await decide(point, [subject]);
  assert.ok(permit);
  return permit;
}

test('the effect gets the very content that was judged, with the masks applied', async () => {
  const subject = input();
  const content = await act(await permitFor(subject), subject, (judged) => judged.content);
  assert.deepEqual(content, { t: 'my [masked:secret]' });
});

test('a permit is spent once, also by racers and also when the effect fails', async () => {
  const subject = input();
  const permit = await permitFor(subject);
  const racers = await Promise.allSettled(
    Array.from({ length: 64 }, () => act(permit, subject, () => 'ran')),
  );
  assert.equal(racers.filter(({ status }) => status === 'fulfilled').length, 1);
  const other = await permitFor(subject);
  await assert.rejects(
    act(other, subject, () => {
      throw new Error('boom');
    }),
    /boom/,
  );
  await assert.rejects(
    act(other, subject, () => 'again'),
    code('permit_spent'),
  );
});

test('a permit is for the very subject: an equal one is another one', async () => {
  const subject = input();
  const permit = await permitFor(subject);
  await assert.rejects(
    act(permit, input(), () => 'ran'),
    code('permit_subject'),
  );
  await assert.rejects(
    act(permit, subject, () => 'ran'),
    code('permit_spent'),
  );
});

test('nothing but a decision makes a permit', async () => {
  const subject = input();
  const real = await permitFor(subject);
  const Forged = PermitClass as unknown as new () => Permit;
  const forgeries: unknown[] = [
    {},
    Object.create(PermitClass.prototype),
    new Forged(),
    structuredClone(real),
    Object.create(real),
    new Proxy(real, {}),
  ];
  for (const forged of forgeries) {
    await assert.rejects(
      act(forged as Permit, subject, () => 'ran'),
      code('permit_forged'),
    );
  }
  assert.throws(() => PermitClass.mint(Symbol('mint') as never, {} as never), TypeError);
  assert.equal(await act(real, subject, () => 'ran'), 'ran');
});

test('a judged subject and its parts are frozen', () => {
  const subject = input();
  assert.throws(() => Object.assign(subject, { step: 9 }), TypeError);
  assert.throws(() => Object.assign(subject.parts[0] as object, { text: 'other' }), TypeError);
});
