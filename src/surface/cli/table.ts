import { printable } from './terminal.ts';

export interface Column<Row> {
  readonly title: string;
  cell(row: Row): string;
  /** Paints the padded text of a cell. */
  paint?(row: Row, text: string): string;
}

/** Rows under their titles, columns two spaces apart. Cells are shown whole and made printable. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const cells = rows.map((row) => columns.map((column) => printable(column.cell(row))));
  const widths = columns.map(({ title }, i) => {
    return Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0));
  });
  const line = (texts: readonly string[], painted: (text: string, i: number) => string) => {
    const padded = texts.map((text, i) => {
      const last = i === texts.length - 1;
      return painted(last ? text : text.padEnd(widths[i] ?? 0), i);
    });
    return `${padded.join('  ')}\n`;
  };
  const head = line(
    columns.map(({ title }) => title),
    (text) => text,
  );
  const body = rows.map((row, at) => {
    return line(cells[at] ?? [], (text, i) => columns[i]?.paint?.(row, text) ?? text);
  });
  return [head, ...body].join('');
}

/** Facts under each other, their names in one column. */
export function facts(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${printable(value)}\n`).join('');
}
