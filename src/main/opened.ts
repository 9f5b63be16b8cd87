/** How to take down what is up; the last comes first. */
export type Opened = (() => Promise<void> | void)[];
