import type { JsonObject } from '../../kernel/index.ts';
import type { WireError } from './wire-error.ts';

/** A model that callers may ask for. `created` is Unix time in seconds, 0 where nobody knows. */
export interface ListedModel {
  readonly id: string;
  readonly provider: string;
  readonly created?: number;
}

/** What the endpoints of one provider have in common. */
export interface Family {
  readonly id: 'openai' | 'anthropic';
  /** The protocol's own error body; its client raises the class that belongs to the status. */
  errorBody(error: WireError): JsonObject;
  /** The answer to `GET /v1/models`. */
  modelList(models: readonly ListedModel[]): JsonObject;
}
