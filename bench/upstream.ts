import { createServer } from 'node:http';

/**
 * A stand-in for a hosted model: answers at once, so that a bench measures what stands between.
 * `node bench/upstream.ts PORT`. Streams 22 events, each its own write: at once, or for the user
 * `paced` as a model types, the first after 50 ms and one each 10 ms.
 */
const words =
  'the quick brown fox jumps over the lazy dog while it rains in the old town tonight ok so'.split(
    ' ',
  );
const common = { id: 'chatcmpl-bench', created: 1_800_000_000, model: 'bench-model-1' };
const answer = JSON.stringify({
  ...common,
  object: 'chat.completion',
  choices: [
    { index: 0, message: { role: 'assistant', content: words.join(' ') }, finish_reason: 'stop' },
  ],
  usage: { prompt_tokens: 40, completion_tokens: 20, total_tokens: 60 },
});
const events = words.map((word, i) => {
  const delta = i === 0 ? { role: 'assistant', content: word } : { content: ` ${word}` };
  const choices = [{ index: 0, delta, finish_reason: null }];
  return `data: ${JSON.stringify({ ...common, object: 'chat.completion.chunk', choices })}\n\n`;
});
const last = {
  ...common,
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
};
events.push(`data: ${JSON.stringify(last)}\n\n`, 'data: [DONE]\n\n');

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  let stream = false;
  let paced = false;
  request.on('data', (chunk: Buffer) => {
    stream ||= chunk.includes('"stream":true');
    paced ||= chunk.includes('"paced"');
  });
  request.on('end', () => {
    if (!stream) {
      const length = Buffer.byteLength(answer);
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': length });
      response.end(answer);
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    let next = 0;
    const write = () => {
      if (next === events.length) response.end();
      else {
        response.write(events[next++]);
        if (paced) setTimeout(write, 10);
        else setImmediate(write);
      }
    };
    if (paced) setTimeout(write, 50);
    else write();
  });
});
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? address?.port : 0 });
});
