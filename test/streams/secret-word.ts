import type { Control, Mask, Opinion, Subject } from '../../src/kernel/index.ts';

export const secretWord = 'SECRET';

/** The control's effect on a whole text: what a stream of it must come to. */
export function wordMasked(text: string): string {
  return text.replaceAll(secretWord, '[masked:word]');
}

/** A control that masks one word, and holds back only what may be its beginning. */
export function secretWordControl(): Control {
  const judge = (subject: Subject): Opinion => {
    const masks: Mask[] = [];
    const settled: Record<string, number> = {};
    for (const { path, text, released = 0 } of subject.parts) {
      for (let at = text.indexOf(secretWord); at >= 0; at = text.indexOf(secretWord, at + 6)) {
        const end = at + secretWord.length;
        if (end > released) masks.push({ path, start: at, end, labels: ['word'] });
      }
      settled[path] = text.length - beginning(text);
    }
    return { level: masks.length > 0 ? 'amend' : 'allow', masks, settled };
  };
  return { id: 'test.word', stages: ['output'], serves: [], windowed: true, judge };
}

/** How much of a text's end may be the beginning of the word. */
export function beginning(text: string): number {
  for (let length = secretWord.length - 1; length > 0; length--) {
    if (text.endsWith(secretWord.slice(0, length))) return length;
  }
  return 0;
}
