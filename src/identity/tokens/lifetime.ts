/** The longest that a token lives, in seconds. */
export const longestSeconds = 300;
/** What clocks may differ by, in seconds. */
export const leewaySeconds = 5;
