/** One step of the schema. `id` is `NNNN-name`, `sql` any number of statements that 15 and 18 know. */
export interface Migration {
  readonly id: string;
  readonly sql: string;
}
