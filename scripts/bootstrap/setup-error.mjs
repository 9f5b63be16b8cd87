/** What went wrong while setting up, in words for the one who started it. `detail` is shown below. */
export class SetupError extends Error {
  /** @param {string} message @param {string} [detail] */
  constructor(message, detail = '') {
    super(message);
    this.name = 'SetupError';
    this.detail = detail;
  }
}
