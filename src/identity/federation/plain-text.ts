/** Longer than the names that the record holds: what others call their workloads. */
export const longestName = 2048;

/** True for a text of 1 to that many code units on one line, which PostgreSQL can hold as it is. */
export function isPlainText(value: unknown, longest = longestName): value is string {
  if (typeof value !== 'string' || value === '' || value.length > longest) return false;
  return value.isWellFormed() && !/\p{Cc}/u.test(value);
}
