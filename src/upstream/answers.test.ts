import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import {
  call,
  definition,
  key,
  opened,
  refusal,
  settled,
  until,
} from '../../test/upstream/opened.ts';
import { answered, rawProvider } from '../../test/upstream/raw-provider.ts';
import { UpstreamError } from './failure.ts';

const once = { attempts: 1, budgetRatio: 0 };
const head = 'HTTP/1.1 200 OK\r\n';

/** Answers that no upstream may give, and the code that tells of each. */
const forbidden: Readonly<Record<string, string>> = {
  'both lengths': `${head}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  'two lengths': `${head}content-length: 4\r\ncontent-length: 5\r\n\r\nabcde`,
  'a negative length': `${head}content-length: -1\r\n\r\nabcd`,
  'a folded header': `${head}x-a: b\r\n c\r\ncontent-length: 4\r\n\r\nabcd`,
  'a name with a space': `${head}content-length : 4\r\n\r\nabcd`,
  'a header in pieces': `${head}x-a: b\rcontent-length: 4\r\n\r\nabcd`,
  'a bare zero byte': `${head}x-a: b\0c\r\ncontent-length: 4\r\n\r\nabcd`,
  'huge headers': `${head}x-a: ${'b'.repeat(64 * 1024)}\r\ncontent-length: 4\r\n\r\nabcd`,
  'many headers': `${head}${'x-a: b\r\n'.repeat(10_000)}content-length: 4\r\n\r\nabcd`,
  'an upgrade': 'HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
  'no protocol': 'hello there\r\n\r\n',
  'an unknown encoding': `${head}content-encoding: rot13\r\ncontent-length: 4\r\n\r\nabcd`,
  'stacked encodings': `${head}content-encoding: gzip, gzip\r\ncontent-length: 4\r\n\r\nabcd`,
  'a length above the limit': `${head}content-length: 99999999\r\n\r\nabcd`,
};

for (const [name, bytes] of Object.entries(forbidden)) {
  test(`an answer with ${name} is refused (I2)`, async (t) => {
    const provider = await rawProvider(t, ({ socket }) => socket.end(bytes));
    const { upstreams, clock } = opened(t, [definition({ url: provider.url, retries: once })]);
    const error = await refusal(
      clock,
      upstreams.send(call()).then((answer) => answer.whole()),
    );
    assert.equal(error.code, 'upstream_failed');
    assert.ok(!error.message.includes('abcd'), error.message);
    await provider.closed(1);
  });
}

test('headers that are cut off are a failure before the answer', async (t) => {
  const provider = await rawProvider(t, ({ socket }) => socket.end(`${head}content-le`));
  const { upstreams, clock } = opened(t, [definition({ url: provider.url, retries: once })]);
  const error = await refusal(clock, upstreams.send(call()));
  assert.deepEqual(
    error.attempts.map((one) => one.outcome),
    ['broken'],
  );
});

test('informational answers are passed over', async (t) => {
  const provider = await rawProvider(t, ({ socket }) => {
    socket.write(`HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${answered(200, 'yes')}`);
  });
  const { upstreams, clock } = opened(t, [definition({ url: provider.url })]);
  const answer = await settled(clock, upstreams.send(call()));
  assert.equal(answer.status, 200);
  assert.equal((await answer.whole()).toString(), 'yes');
});

test('only listed headers come through', async (t) => {
  const provider = await rawProvider(t, ({ socket }) => {
    socket.write(answered(200, '{}', ['set-cookie: a=b', 'x-request-id: r1', 'server: s']));
  });
  const { upstreams, clock } = opened(t, [definition({ url: provider.url })]);
  const answer = await settled(clock, upstreams.send(call()));
  assert.deepEqual(answer.headers, { 'x-request-id': 'r1' });
  await answer.whole();
});

const encoders = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
};

for (const [encoding, encode] of Object.entries(encoders)) {
  test(`an answer in ${encoding} that nobody asked for is decoded`, async (t) => {
    const text = 'the quick brown fox '.repeat(10_000);
    const body = encode(Buffer.from(text));
    const provider = await rawProvider(t, ({ socket }) => {
      socket.write(
        `${head}content-encoding: ${encoding}\r\ncontent-length: ${body.length}\r\n\r\n`,
      );
      socket.write(body);
    });
    const { upstreams, clock } = opened(t, [definition({ url: provider.url })]);
    const answer = await settled(clock, upstreams.send(call()));
    assert.equal((await answer.whole()).toString(), text);
    assert.match(provider.asked[0]?.text ?? '', /accept-encoding: identity/i);
  });

  test(`a bomb in ${encoding} ends at the limit (I2)`, async (t) => {
    const bomb = encode(Buffer.alloc(64 * 1024 * 1024));
    const provider = await rawProvider(t, ({ socket }) => {
      socket.write(
        `${head}content-encoding: ${encoding}\r\ncontent-length: ${bomb.length}\r\n\r\n`,
      );
      socket.write(bomb);
    });
    const { upstreams, clock } = opened(t, [definition({ url: provider.url })]);
    const answer = await settled(clock, upstreams.send(call()));
    let bytes = 0;
    const error = await refusal(
      clock,
      answer.each((chunk) => {
        bytes += chunk.length;
      }),
    );
    assert.match(error.message, /maxAnswerBytes/);
    assert.ok(bytes <= 1024 * 1024, `${bytes} bytes came through`);
    assert.equal(clock.pending, 0);
  });

  test(`broken ${encoding} is refused`, async (t) => {
    const bytes = `${head}content-encoding: ${encoding}\r\ncontent-length: 8\r\n\r\nabcdefgh`;
    const provider = await rawProvider(t, ({ socket }) => socket.write(bytes));
    const { upstreams, clock } = opened(t, [definition({ url: provider.url })]);
    const sent = upstreams.send(call()).then((answer) => answer.whole());
    assert.match((await refusal(clock, sent)).message, /content-encoding/);
  });
}

test('an answer without a length ends at the limit', async (t) => {
  const provider = await rawProvider(t, ({ socket }) => {
    socket.write(`${head}connection: close\r\n\r\n`);
    for (let i = 0; i < 40; i++) socket.write('x'.repeat(64 * 1024));
  });
  const { upstreams, clock } = opened(t, [definition({ url: provider.url })]);
  const answer = await settled(clock, upstreams.send(call()));
  assert.match((await refusal(clock, answer.whole())).message, /maxAnswerBytes/);
  await provider.closed(1);
});

test('a reader that is busy holds the upstream back', async (t) => {
  const total = 64 * 1024 * 1024;
  const provider = await rawProvider(t, ({ socket }) => {
    socket.write(`${head}content-length: ${total}\r\n\r\n`);
    const piece = Buffer.alloc(64 * 1024);
    const more = (): void => {
      while (socket.bytesWritten < total && socket.write(piece));
    };
    socket.on('drain', more);
    more();
  });
  const { upstreams, clock } = opened(t, [
    definition({ url: provider.url, maxAnswerBytes: total }),
  ]);
  const answer = await settled(clock, upstreams.send(call()));
  let taken = 0;
  const stuck = answer.each((chunk) => {
    taken += chunk.length;
    return new Promise<void>(() => {});
  });
  await until(clock, () => taken > 0);
  const { socket } = provider.asked[0] as { socket: import('node:net').Socket };
  let before = -1;
  // The system's buffers take some; then nothing moves any more.
  for (let still = 0; still < 200; still++) {
    if (socket.bytesWritten !== before) still = 0;
    before = socket.bytesWritten;
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(socket.bytesWritten < total / 2, `${socket.bytesWritten} bytes were let in`);
  answer.cancel();
  await assert.rejects(stuck, UpstreamError);
  await provider.closed(1);
});

test('what the reader throws is what `each` throws, and the upstream is called off', async (t) => {
  const provider = await rawProvider(t, ({ socket }) => {
    socket.write(`${head}content-length: 100\r\n\r\nhalf`);
  });
  const { upstreams, clock } = opened(t, [definition({ url: provider.url })]);
  for (const take of [
    () => {
      throw new RangeError('mine');
    },
    () => Promise.reject(new RangeError('mine')),
  ]) {
    const answer = await settled(clock, upstreams.send(call()));
    await assert.rejects(answer.each(take), new RangeError('mine'));
  }
  await provider.closed(2);
  assert.equal(upstreams.health()[0]?.failures, 0, 'it was not the upstream that failed');
});

test('events pass piece by piece, each before the next is sent (T7)', async (t) => {
  const provider = await rawProvider(t, ({ socket }) => {
    socket.write(`${head}content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n`);
  });
  const { upstreams, clock } = opened(t, [definition({ url: provider.url })]);
  const answer = await settled(clock, upstreams.send(call({ stream: true })));
  assert.equal(answer.headers['content-type'], 'text/event-stream');
  assert.match(provider.asked[0]?.text ?? '', /accept: text\/event-stream/i);
  let heard = '';
  const read = answer.each((chunk) => {
    heard += chunk.toString();
  });
  const { socket } = provider.asked[0] as { socket: import('node:net').Socket };
  for (let i = 0; i < 5; i++) {
    const event = `data: ${i}\n\n`;
    socket.write(`${event.length.toString(16)}\r\n${event}\r\n`);
    await until(clock, () => heard.endsWith(event));
  }
  socket.write('0\r\n\r\n');
  await settled(clock, read);
});

test('one connection serves calls that follow each other', async (t) => {
  const provider = await rawProvider(t, ({ socket, nth }) => {
    socket.write(answered(nth % 2 === 0 ? 200 : 400, 'yes'));
  });
  const { upstreams, clock } = opened(t, [definition({ url: provider.url })]);
  for (let i = 0; i < 10; i++) {
    await (await settled(clock, upstreams.send(call()))).whole();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual([provider.asked.length, provider.connections()], [10, 1]);
});

test('a body is taken once', async (t) => {
  const provider = await rawProvider(t, ({ socket }) => socket.write(answered(200, 'yes')));
  const { upstreams, clock } = opened(t, [definition({ url: provider.url })]);
  const answer = await settled(clock, upstreams.send(call()));
  await answer.whole();
  await assert.rejects(answer.whole(), TypeError);
});

test('no key and no content is in an error, a log line, the health or an answer', async (t) => {
  const leak = `${key} secret text`;
  const bodies = [
    answered(503, leak, [`x-a: ${key}`]),
    answered(302, leak, [`location: https://x/${key}`]),
    `HTTP/1.1 200 OK\r\ncontent-length: ${key}\r\n\r\n`,
    `HTTP/1.1 200 ${key}\r\ncontent-encoding: ${key}\r\n\r\n`,
    `${leak}\r\n\r\n`,
    `${head}content-length: 900\r\n\r\n${leak}`,
  ];
  const provider = await rawProvider(t, ({ socket, nth }) => {
    socket.end(bodies[(nth - 1) % bodies.length] as string);
  });
  const { upstreams, clock, logged } = opened(t, [
    definition({ url: provider.url, retries: once }),
  ]);
  const seen: string[] = [];
  for (const _ of bodies) {
    const sent = upstreams.send(call()).then((answer) => answer.whole());
    const error = await refusal(clock, sent);
    seen.push(error.message, error.stack ?? '', String(error.cause), JSON.stringify(error));
  }
  seen.push(...logged, JSON.stringify(upstreams.health()));
  assert.equal(provider.asked.length, bodies.length);
  assert.match(provider.asked[0]?.text ?? '', new RegExp(`authorization: Bearer ${key}`, 'i'));
  for (const text of seen) {
    assert.ok(!text.includes(key), text);
    assert.ok(!text.includes('secret text'), text);
  }
});
