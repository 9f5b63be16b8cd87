import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';

/** One end of a TCP connection over IPv4. */
export interface End {
  readonly address: string;
  readonly port: number;
}

const established = '01';

/**
 * The uid that owns the socket at `own` whose other end is `other`, in the text of /proc/net/tcp
 * or /proc/net/tcp6 (proc_net_tcp(5)), or null if there is none.
 *
 * INVARIANT: only an established socket that a process still holds counts. The kernel shows the
 * others, such as one whose owner closed it at once, with uid 0.
 */
export function ownerIn(table: string, own: End, other: End, little: boolean): number | null {
  const locals = spelled(own, little);
  const remotes = spelled(other, little);
  for (const line of table.split('\n')) {
    const [, local = '', remote = '', state, , , , uid = '', , inode] = line.trim().split(/\s+/);
    if (!locals.includes(local) || !remotes.includes(remote)) continue;
    if (state !== established || inode === '0' || !/^\d+$/.test(uid)) return null;
    return Number(uid);
  }
  return null;
}

/**
 * The uid that owns the far end of a connection on this machine's IPv4 loopback, or null where
 * nobody does or the kernel does not say. Linux only.
 */
export async function socketOwner(own: End, other: End): Promise<number | null> {
  // A program's socket may be an IPv6 one with a mapped address.
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const table = await readFile(file, 'utf8').catch(() => '');
    const owner = ownerIn(table, own, other, endianness() === 'LE');
    if (owner !== null) return owner;
  }
  return null;
}

/** The kernel prints addresses as words in the machine's byte order, ports as numbers. */
function spelled({ address, port }: End, little: boolean): readonly [string, string] {
  const bytes = address.split('.').map(Number);
  const word = (four: readonly number[]) => {
    const ordered = little ? four.toReversed() : four;
    return ordered.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  };
  const v4 = word(bytes);
  const mapped = word([0, 0, 0xff, 0xff]);
  const suffix = `:${port.toString(16).padStart(4, '0')}`;
  return [`${v4}${suffix}`.toUpperCase(), `${'0'.repeat(16)}${mapped}${v4}${suffix}`.toUpperCase()];
}
