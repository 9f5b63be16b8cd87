import type { Socket } from 'node:net';
import { socketOwner } from './socket-owner.ts';

/**
 * Admits connections of one user alone. On Linux the kernel is asked whose socket it is; elsewhere
 * it does not say, and every user of the machine is let in: a stated limit.
 */
export function admitsUser(uid: number): (socket: Socket) => Promise<boolean> {
  if (process.platform !== 'linux') return async () => true;
  return async ({ remoteAddress, remotePort, localAddress, localPort }) => {
    if (remoteAddress === undefined || remotePort === undefined) return false;
    if (localAddress === undefined || localPort === undefined) return false;
    const own = { address: remoteAddress, port: remotePort };
    const other = { address: localAddress, port: localPort };
    return (await socketOwner(own, other)) === uid;
  };
}
