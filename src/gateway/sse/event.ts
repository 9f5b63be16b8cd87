/** A server-sent event. `name` is its `event` field, empty where there is none. */
export interface SseEvent {
  readonly name: string;
  readonly data: string;
}

// Line ends for some clients that split lines as Unicode does, and data for all others.
const lineLike = /[\u0085\u2028\u2029]/;
const everyLineLike = /[\u0085\u2028\u2029]/g;

/**
 * An event as it goes on the wire (WHATWG HTML, section 9.2.5). `json` is one JSON text without
 * line ends; an empty name writes no `event` field.
 */
export function eventText(name: string, json: string): string {
  const data = lineLike.test(json) ? json.replace(everyLineLike, escaped) : json;
  return name === '' ? `data: ${data}\n\n` : `event: ${name}\ndata: ${data}\n\n`;
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
