import { CommandError, exitCodes } from './exit.ts';

/**
 * The lines of JSON of an answer as they come. `came` is called at each piece, so that a server
 * that falls silent can be told from one that works.
 */
export async function* jsonLines(answer: Response, came: () => void): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const piece of answer.body ?? []) {
      came();
      const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines.filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
    }
  } catch (cause) {
    const message = 'the server broke off its answer; see its log, and ask again';
    throw new CommandError(exitCodes.remote, message, { cause });
  }
}
