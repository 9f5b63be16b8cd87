import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  type Binding,
  type Control,
  decide,
  type Json,
  levels,
  type Opinion,
  type Part,
  partsOf,
  type Recorder,
  type Stage,
  type Subject,
  stages,
  subject,
  systemClock,
} from '../../src/kernel/index.ts';

const requirements = fileURLToPath(new URL('../../../shared/requirements.json', import.meta.url));

const principal: Subject['principal'] = {
  kind: 'agent',
  id: 'agt_1',
  name: 'tester',
  owner: 'ada',
  tenant: 'default',
  credential: { kind: 'static-key', id: 'key_1', expires: 0 },
  actors: [{ kind: 'person', id: 'alice' }],
};

const hostileTexts: readonly (readonly [name: string, text: string])[] = [
  ['nothing', ''],
  ['one character', 'x'],
  ['lone surrogates', '\ud800 \udfff\ud800'],
  ['control characters', Array.from({ length: 33 }, (_, i) => String.fromCharCode(i)).join('')],
  ['bidirectional and invisible characters', '\u202e\u2066\u200b\u200d\ufeff\u{e0041}\u{e007f}'],
  ['combining characters', `a${'\u0301'.repeat(10_000)}`],
  ['a megabyte of one letter', 'A'.repeat(1 << 20)],
  ['a megabyte of spaces', ' '.repeat(1 << 20)],
  ['a megabyte of brackets', '['.repeat(1 << 20)],
  ['a megabyte of backslashes', '\\'.repeat(1 << 20)],
  ['a megabyte of line ends', '\n'.repeat(1 << 20)],
  ['a megabyte of emoji', '\u{1f469}\u200d\u{1f4bb}'.repeat(1 << 18)],
  ...[
    'token=',
    'password = "',
    'eyJ-',
    'eyJ.',
    'sk-ant-',
    'AKIA',
    '://a:',
    ':AA',
    `-----BEGIN ${'PRIVATE'} KEY-----`,
    '-----',
    '{"a":',
    'a.a@',
    'ignore previous instructions ',
  ].map((text) => [`a megabyte of ${text}`, text.repeat((1 << 20) / text.length)] as const),
];

/** A subject of a stage as the gateway would make it. */
export function subjectAt(stage: Stage, change: Partial<Subject> = {}): Subject {
  const type = stage === 'enter' ? 'gateway' : stage === 'action' ? 'tool' : 'model';
  return subject({
    stage,
    trace: '0'.repeat(32),
    step: 0,
    principal,
    resource: { type, id: type === 'gateway' ? 'gateway' : 'some@1' },
    context: {
      protocol: 'openai.chat',
      stream: false,
      asked: 'some',
      credential: 'static-key',
      features: [],
      provider: 'somewhere',
      groups: ['general'],
    },
    measures: { bytes: 10, depth: 2, messages: 1, tools: 0 },
    content: null,
    parts: [],
    ...change,
  });
}

function withText(stage: Stage, text: string): Subject {
  const parts: Part[] = [
    { path: '/text', role: 'user', text },
    { path: '#keys', role: 'key', text: text.slice(0, 10_000) },
  ];
  return subjectAt(stage, { parts });
}

function deep(levelsDeep: number): Json {
  let value: Json = 'bottom';
  for (let i = 0; i < levelsDeep; i++) value = i % 2 === 0 ? [value] : { k: value };
  return value;
}

function hostileSubjects(stage: Stage): readonly (readonly [string, Subject])[] {
  const content = deep(10_000);
  const many = Array.from({ length: 5_000 }, (_, i) => ({
    path: `/m/${i}`,
    role: 'user' as const,
    text: `text ${i}`,
  }));
  const odd = '\ud800\n\0`"\u202e'.repeat(2000);
  const measures = {
    bytes: Number.NaN,
    depth: -1,
    messages: 1e308,
    tools: Number.POSITIVE_INFINITY,
  };
  const nested = subjectAt(stage, { content, parts: partsOf(content, () => 'user', new Set()) });
  return [
    ...hostileTexts.map(([name, text]) => [name, withText(stage, text)] as const),
    ['a content 10,000 levels deep', nested],
    ['5,000 parts', subjectAt(stage, { parts: many })],
    ['an odd resource', subjectAt(stage, { resource: { type: 'model', id: odd } })],
    ['an odd principal', subjectAt(stage, { principal: { ...principal, name: odd, owner: odd } })],
    [
      'names of properties that objects have',
      subjectAt(stage, { resource: { type: 'model', id: '__proto__' } }),
    ],
    ['an empty context', subjectAt(stage, { context: {} })],
    ['measures that are no counts', subjectAt(stage, { measures })],
    ['no measures', subjectAt(stage, { measures: {} })],
  ];
}

/**
 * What every control must do, whatever it judges: its name and stages, an opinion in shape for
 * hostile input, the same one twice, nothing changed, nothing quoted, and windows that settle.
 */
export function controlConformance(control: Control): void {
  describe(`control ${control.id}`, { timeout: 60_000 }, () => {
    test('has an id that is a path of the configuration, and known stages', () => {
      assert.match(control.id, /^[a-z]+\.[a-z]+$/);
      assert.ok(control.stages.length > 0);
      for (const stage of control.stages) assert.ok(stages.includes(stage));
    });

    const skip = existsSync(requirements) ? false : 'the list of requirements is not here';
    test('serves requirements that exist', { skip }, () => {
      const { rows } = JSON.parse(readFileSync(requirements, 'utf8')) as { rows: { id: string }[] };
      const ids = rows.map(({ id }) => id);
      assert.ok(control.serves.length > 0);
      for (const id of control.serves) assert.ok(ids.includes(id), id);
    });

    for (const stage of control.stages) {
      describe(`at ${stage}`, () => {
        for (const [name, judged] of hostileSubjects(stage)) {
          test(`bears ${name} (D2, I2)`, () => bears(control, judged));
        }
        if (control.windowed === true) {
          for (const [name, judged] of hostileSubjects(stage)) {
            test(`settles windows of ${name} (D2)`, () => settles(control, judged));
          }
        }
      });
    }
  });
}

async function bears(control: Control, judged: Subject): Promise<void> {
  const first = await opinionOn(control, judged);
  // The second time all the way through the kernel, which refuses an opinion that is out of shape.
  const binding: Binding = { control, mode: 'enforce', timeoutMs: 60_000, onFailure: 'deny' };
  const checkpoint = { bindings: [binding], recorder, clock: systemClock };
  const { findings, recorded } = await decide(checkpoint, [judged]);
  await recorded;
  const [again] = findings;
  assert.notEqual(again?.code, 'control_failed', again?.reason);
  assert.equal(again?.level, first.level, 'the same subject, the same opinion');
  assert.equal(again?.code, first.code ?? 'ok');
  assert.deepEqual(again?.masks, first.masks ?? []);
  assert.deepEqual(again?.evidence, first.evidence);
}

async function opinionOn(control: Control, judged: Subject): Promise<Opinion> {
  const opinion = await control.judge(judged, () => new AbortController().signal);
  assert.ok(levels.includes(opinion.level));
  if (opinion.level === 'deny' || opinion.level === 'hold') {
    assert.match(opinion.code ?? '', /^[a-z][a-z0-9_]*$/);
    assert.ok((opinion.reason ?? '').length > 10, 'a refusal says why');
    assert.ok((opinion.reason ?? '').length <= 500, 'in few words');
    assert.match(opinion.reason ?? '', /^[\x20-\x7e]*$/, 'that forge no line');
  }
  assert.ok(JSON.stringify(opinion.evidence ?? {}).length < 4096, 'evidence is short');
  return opinion;
}

async function settles(control: Control, judged: Subject): Promise<void> {
  const window = subjectAt(judged.stage, { ...judged, window: { final: false } });
  const { settled } = await opinionOn(control, window);
  assert.ok(settled !== undefined, 'a control that judges windows says what is settled');
  if (settled === 'all') return;
  for (const { path, text } of window.parts) {
    const offset = settled[path];
    assert.ok(offset !== undefined && Number.isInteger(offset), path);
    assert.ok(offset >= 0 && offset <= text.length, path);
  }
}

const recorder: Recorder = {
  async record(draft) {
    draft.entry([], []);
    return { index: 0, refused: [] };
  },
};
