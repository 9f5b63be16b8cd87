/** A piece of a rendered answer, and how long to wait before it in milliseconds. */
export interface Rendered {
  readonly data: string;
  readonly afterMs: number;
}

/** What a stand-in for a provider answers: what a listener has to write, piece by piece. */
export interface ScriptedReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly chunks: readonly Rendered[];
}

/** One whole JSON answer. */
export function json(status: number, value: unknown, id: string): ScriptedReply {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-request-id': `scripted-${id}` },
    chunks: [{ data: JSON.stringify(value), afterMs: 0 }],
  };
}

/** A stream of server-sent events (WHATWG HTML, 9.2). */
export function events(chunks: readonly Rendered[], id: string): ScriptedReply {
  return {
    status: 200,
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'x-request-id': `scripted-${id}`,
    },
    chunks,
  };
}

/** An event with its data; `name` is the event field, which OpenAI's chat streams do without. */
export function event(name: string | null, data: unknown, afterMs = 0): Rendered {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return { data: `${name === null ? '' : `event: ${name}\n`}data: ${text}\n\n`, afterMs };
}
