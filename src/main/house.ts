import type { House, HouseOptions } from '../surface/index.ts';
import type { Opened } from './opened.ts';
import { openPlanes } from './planes.ts';
import { openRooms } from './rooms.ts';

/**
 * Brings up the whole house: store, ledger, rooms, data plane, control plane, in this order, and
 * takes down what is up when a later part fails.
 */
export async function openHouse(options: HouseOptions): Promise<House> {
  const opened: Opened = [];
  const close = async () => {
    for (const one of opened.splice(0).reverse()) await one();
  };
  try {
    const rooms = await openRooms(options, opened);
    return { ...(await openPlanes(options, rooms, opened)), close };
  } catch (error) {
    await close();
    throw error;
  }
}
