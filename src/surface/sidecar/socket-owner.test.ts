import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { admitsUser } from './admission.ts';
import { ownerIn } from './socket-owner.ts';

// Recorded from a Linux 6 machine (little-endian): a listener, a client of uid 1000 and its far
// end, one that closed (TIME_WAIT), and one that nobody holds any more (FIN_WAIT2).
const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 21001 1 0000000000000000 100 0 0 10 0
   1: 0100007F:C001 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 21002 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 21003 1 0000000000000000 20 4 30 10 -1
   3: 0100007F:C002 0100007F:1F90 06 00000000:00000000 03:00001770 00000000     0        0 0 3 0000000000000000
   4: 0100007F:C003 0100007F:1F90 05 00000000:00000000 00:00000000 00000000     0        0 0 1 0000000000000000 20 4 30 10 -1
   5: 0200007F:C001 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  2000        0 21004 1 0000000000000000 20 4 30 10 -1
   6: 0100007F:C004 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 0 1 0000000000000000 20 4 30 10 -1
`;
const tcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0000000000000000FFFF00000100007F:C005 0000000000000000FFFF00000100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 21010 1 0000000000000000 20 4 30 10 -1
`;
const big =
  '   1: 7F000001:C001 7F000001:1F90 01 0:0 00:0 0  1000        0 21002 1 0 20 4 30 10 -1';

const own = (port: number, address = '127.0.0.1') => ({ address, port });
const server = own(0x1f90);

describe('the owner of a socket in /proc/net/tcp', () => {
  test('is the uid of the end that called, on either byte order and in mapped form (A2)', () => {
    assert.equal(ownerIn(tcp, own(0xc001), server, true), 1000);
    assert.equal(ownerIn(tcp, server, own(0xc001), true), 0);
    assert.equal(ownerIn(tcp, own(0xc001, '127.0.0.2'), server, true), 2000);
    assert.equal(ownerIn(tcp6, own(0xc005), server, true), 1000);
    assert.equal(ownerIn(big, own(0xc001), server, false), 1000);
    assert.equal(ownerIn(big, own(0xc001), server, true), null);
  });

  test('is nobody for one that is closed or that no process holds, shown as uid 0 (A2)', () => {
    for (const port of [0xc002, 0xc003, 0xc004, 0xc009]) {
      assert.equal(ownerIn(tcp, own(port), server, true), null, String(port));
    }
    assert.equal(ownerIn('', own(0xc001), server, true), null);
  });

  test('never throws and never makes one up, whatever the table (A2)', () => {
    const end = fc.record({ address: fc.ipV4(), port: fc.nat(65_535) });
    const words = fc.array(fc.constantFrom('0:', '0100007F:C001', '01', 'x', '', ' ', '\n', '-1'));
    fc.assert(
      fc.property(words, end, end, fc.boolean(), (table, a, b, little) => {
        assert.equal(ownerIn(table.join(' '), a, { ...b, port: 1 }, little), null);
      }),
    );
  });
});

test('of a real connection this process is the owner, and another uid is not (A2)', async (t) => {
  if (process.platform !== 'linux') return t.skip('only Linux says whose a socket is');
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as { port: number };
  const uid = process.geteuid?.() as number;
  for (const host of ['127.0.0.1', '::ffff:127.0.0.1']) {
    const accepted = once(listener, 'connection') as Promise<[Socket]>;
    const client = connect(port, host);
    const [socket] = await accepted;
    assert.equal(await admitsUser(uid)(socket), true, host);
    assert.equal(await admitsUser(uid + 1)(socket), false, host);
    client.destroy();
    await once(socket.resume(), 'close');
    assert.equal(await admitsUser(uid)(socket), false, host);
  }
  await new Promise((resolve) => listener.close(resolve));
});
