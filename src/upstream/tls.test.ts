import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { loopbackCertificate } from '../../test/upstream/loopback-certificate.ts';
import { call, definition, opened, refusal, settled } from '../../test/upstream/opened.ts';

const retries = { attempts: 1, budgetRatio: 0 };

async function secure(t: TestContext): Promise<{ port: number; asked: () => number }> {
  let asked = 0;
  const server = createServer(loopbackCertificate, (request, response) => {
    asked++;
    request.resume();
    response.end('yes');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, asked: () => asked };
}

test('an upstream whose certificate nobody vouches for gets no request (I2)', async (t) => {
  const { port, asked } = await secure(t);
  const url = `https://localhost:${port}`;
  const { upstreams, clock } = opened(t, [definition({ url, retries })]);
  const error = await refusal(clock, upstreams.send(call()));
  assert.match(error.message, /cannot be reached \(`DEPTH_ZERO_SELF_SIGNED_CERT`\)/);
  assert.equal(asked(), 0);
});

test('an authority that is named is trusted, and only for its own names', async (t) => {
  const { port, asked } = await secure(t);
  const ca = loopbackCertificate.cert;
  const { upstreams, clock } = opened(t, [
    definition({ url: `https://localhost:${port}`, ca, retries }),
    definition({ name: 'b', url: `https://127.0.0.1:${port}`, ca, retries }),
  ]);
  const answer = await settled(clock, upstreams.send(call()));
  assert.equal((await answer.whole()).toString(), 'yes');
  const error = await refusal(clock, upstreams.send(call({}, 'b')));
  assert.match(error.message, /ERR_TLS_CERT_ALTNAME_INVALID/);
  assert.equal(asked(), 1);
});
