const nanosPerDollar = 1_000_000_000;

/**
 * US dollars for people: cents from a dollar up, hundredths of them from a cent up, two figures
 * below (`$1.20`, `$0.0155`, `$0.0012`).
 */
export function dollars(amount: number): string {
  const size = Math.abs(amount);
  const sign = amount < 0 ? '-' : '';
  if (size === 0 || size >= 1) return `${sign}$${grouped(size.toFixed(2))}`;
  if (size >= 0.01) return `${sign}$${size.toFixed(4).replace(/0{1,2}$/, '')}`;
  if (size < 0.000_000_001) return `under ${sign}$0.000000001`;
  const places = Math.min(9, 1 - Math.floor(Math.log10(size)));
  return `${sign}$${size.toFixed(places).replace(/0+$/, '')}`;
}

/** Billionths of a US dollar, the unit in which money is counted, for people. */
export function dollarsOfNanos(nanos: number): string {
  return dollars(nanos / nanosPerDollar);
}

/** A whole number with its thousands apart: `1,204`. */
export function grouped(digits: number | string): string {
  return String(digits).replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ',');
}
