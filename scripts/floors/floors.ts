/**
 * The floors of the house, top to bottom. A room imports only from floors below its own; rooms on
 * one floor never meet. This array is the only place that says so.
 */
export const floors: readonly (readonly string[])[] = [
  ['main'],
  ['surface'],
  ['govern', 'response'],
  ['watch', 'flow', 'proving'],
  ['gateway'],
  ['identity', 'policy', 'guard', 'registry', 'upstream'],
  ['ledger'],
  ['store'],
  ['kernel'],
];

/** The rooms with a door. `main` has none: src/main.ts and the folder src/main, which it is made of. */
export const rooms: readonly string[] = floors.flat().filter((room) => room !== 'main');

/** The rooms that a room must not import: its siblings and those above. */
export function outOfReach(room: string): readonly string[] {
  const floor = floors.findIndex((siblings) => siblings.includes(room));
  return floors
    .slice(0, floor + 1)
    .flat()
    .filter((other) => other !== room);
}

/** Who may import the room that reaches out. */
export const reachesUpstream: readonly string[] = ['main', 'proving', 'gateway'];

/** Who may listen on a socket. */
export const listens: readonly string[] = ['main', 'surface', 'gateway'];

/** The path of a room, as the start of a regular expression on paths from the root. */
export function place(room: string): string {
  return room === 'main' ? '^src/main(\\.ts$|/)' : `^src/${room}/`;
}
