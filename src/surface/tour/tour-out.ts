import { asCalled } from '../cli/command.ts';
import { paint, printable, type Terminal } from '../cli/terminal.ts';
import type { TourOut } from './step.ts';

const labelWidth = 16;

/** Tells the tour on standard output, with colours on a terminal only. */
export function tourOut(
  terminal: Terminal,
  env: Readonly<Record<string, string | undefined>>,
): TourOut {
  const colours = paint(terminal.outIsTerminal, env);
  const width = Math.min(terminal.columns, 100) - labelWidth - 2;
  return {
    title: (text) => terminal.out(`\n${colours.bold(text)}\n`),
    say: (text) => terminal.out(`${wrapped(printable(text), 98).join('\n')}\n`),
    show(label, text) {
      const [first = '', ...rest] = wrapped(printable(text), width);
      const lines = [`${`  ${label}`.padEnd(labelWidth)}  ${first}`];
      for (const line of rest) lines.push(`${' '.repeat(labelWidth)}  ${line}`);
      terminal.out(`${lines.join('\n')}\n`);
    },
    good: (text) =>
      terminal.out(
        `  ${colours.level('ok', 'ok')}${' '.repeat(labelWidth - 2)}${printable(asCalled(text, env))}\n`,
      ),
  };
}

function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
