import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cut } from '../../../test/streams/judged-stream.ts';
import { GatehouseError } from '../../kernel/index.ts';
import type { SseEvent } from './event.ts';
import { eventText } from './event.ts';
import { SseParser } from './parser.ts';

function parsed(text: string | Uint8Array, sizes: readonly number[] = []) {
  const parser = new SseParser();
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const events = cut(bytes, sizes).flatMap((chunk) => parser.feed(chunk));
  return { events, cut: parser.end() };
}

const data = (...all: readonly string[]) => all.map((one) => ({ name: '', data: one }));

// Section 9.2.6 of the WHATWG HTML standard, its own examples among them.
const cases: Record<string, readonly [string, readonly SseEvent[]]> = {
  'lines end with LF': ['data: a\n\ndata: b\n\n', data('a', 'b')],
  'lines end with CR': ['data: a\r\rdata: b\r\r', data('a', 'b')],
  'lines end with CRLF': ['data: a\r\n\r\ndata: b\r\n\r\n', data('a', 'b')],
  'line ends mix': ['data: a\r\n\ndata: b\n\r\ndata: c\r\n\r', data('a', 'b', 'c')],
  'a leading byte order mark goes': ['\ufeffdata: a\n\n', data('a')],
  'only one does': ['\ufeff\ufeffdata: a\n\n', []],
  'data has many lines': ['data: YHOO\ndata: +2\ndata: 10\n\n', data('YHOO\n+2\n10')],
  'one space after the colon goes': ['data:a\n\ndata:  b\n\n', data('a', ' b')],
  'comments are skipped': [': hello\ndata: a\n:\n\n', data('a')],
  'fields without a colon have no value': ['data\ndata\n\ndata:\n\n', data('\n')],
  'unknown fields are skipped': ['id: 1\nretry: 5\nfoo: bar\ndata: a\n\n', data('a')],
  'the name holds for one event': [
    'event: x\ndata: a\n\ndata: b\n\n',
    [
      { name: 'x', data: 'a' },
      { name: '', data: 'b' },
    ],
  ],
  'an event without data is none': ['event: x\n\ndata: a\n\n', data('a')],
  'other line ends are text': ['data: a\u2028b\u0085c\u000bd\n\n', data('a\u2028b\u0085c\u000bd')],
};

for (const [name, [text, events]] of Object.entries(cases)) {
  test(`events from bytes: ${name}, however the bytes are cut (D2)`, () => {
    for (const size of [0, 1, 2, 3, 5]) {
      assert.deepEqual(parsed(text, size === 0 ? [] : [size]), { events, cut: false });
    }
  });
}

test('an event that is cut off at the end is dropped, and that is told', () => {
  for (const text of ['data: a', 'data: a\n', 'data: a\n\nda', 'data: a\n\ndata: ü'.slice(0, -1)]) {
    assert.equal(parsed(text).cut, true);
  }
  assert.equal(parsed(Buffer.from('data: a\n\n\xc3', 'latin1')).cut, true);
  assert.deepEqual(parsed('data: a\n\ndata: b').events, data('a'));
});

test('bytes that are not UTF-8 are an error, wherever they are cut (D2)', () => {
  const wrong = [
    '\xff',
    '\xc3(',
    '\xed\xa0\x80',
    '\xc0\xaf',
    '\xf5\x80\x80\x80',
    '\x80',
    '\xe2\x82(',
  ];
  for (const bytes of wrong.map((one) => Buffer.from(`data: ${one}\n\n`, 'latin1'))) {
    for (const size of [1, 2, 3, 100]) {
      assert.throws(
        () => parsed(bytes, [size]),
        { code: 'upstream_failed' },
        bytes.toString('hex'),
      );
    }
  }
});

test('an event has a bound, also over many lines or none', () => {
  for (const line of ['data: 12345\n', ': comment\n', 'xxxxxx']) {
    const parser = new SseParser(1000);
    const feed = () => {
      for (let i = 0; i < 1000; i++) parser.feed(Buffer.from(line));
    };
    assert.throws(feed, GatehouseError);
  }
  const parser = new SseParser(1000);
  for (let i = 0; i < 1000; i++)
    assert.equal(parser.feed(Buffer.from('data: 12345\n\n')).length, 1);
});

test('what the writer writes the parser reads, in any cut (D2)', () => {
  const event = fc.record({
    name: fc.stringMatching(/^[a-z._]{0,10}$/),
    json: fc.json({ noUnicodeString: false }),
  });
  fc.assert(
    fc.property(fc.array(event), fc.array(fc.nat(20)), (events, sizes) => {
      const wire = events.map(({ name, json }) => eventText(name, json)).join('');
      const back = parsed(wire, sizes).events;
      const values = (json: string) => JSON.parse(json);
      assert.deepEqual(
        back.map((one) => [one.name, values(one.data)]),
        events.map((one) => [one.name, values(one.json)]),
      );
      assert.doesNotMatch(wire, /[\u0085\u2028\u2029\r]/);
    }),
  );
});
