import type { Json, JsonObject } from '../../kernel/index.ts';
import { isObject } from './fields.ts';

/**
 * What policy must know of a request because it carries content past the judged texts, or has the
 * upstream do more than answer:
 *
 * - `stored_state`: content by reference (an earlier response, conversation, prompt template, file,
 *   container, item) or an answer that is fetched later (`background`). It is not in the body, so
 *   no control sees it.
 * - `kept_upstream`: the upstream keeps the exchange. OpenAI's Responses do unless `store` is false.
 * - `hosted_tool:<type>`: a tool of the provider's own making, without its version; `other` if the
 *   type is none we know.
 * - `remote_content`: the upstream fetches an http(s) URL.
 * - `binary_content`: an image, audio or document is in the body as base64.
 * - `audio_output`, `logprobs`, `multiple_choices`: answers beyond one text.
 * - `other_model`: another model than the judged one may answer (`fallbacks`).
 * - `unknown_field`: a member of the request that the protocol, as known here, does not have.
 */
export class Features {
  readonly #found = new Set<string>();

  add(feature: string, present = true): this {
    if (present) this.#found.add(feature);
    return this;
  }

  /** Notes each tool whose `type` is not one that the caller runs from a schema of its own. */
  tools(tools: readonly JsonObject[], plain: ReadonlySet<Json | undefined>): this {
    for (const tool of tools) {
      const type = tool.type;
      if (!plain.has(type)) this.add(`hosted_tool:${hosted(type)}`);
    }
    return this;
  }

  unknown(body: JsonObject, fields: ReadonlySet<string>): this {
    return this.add(
      'unknown_field',
      Object.keys(body).some((key) => !fields.has(key)),
    );
  }

  /** Looks for content that is there by reference or as bytes, at any depth. Iterative. */
  content(...values: readonly (Json | undefined)[]): this {
    const open = values.filter((value) => typeof value === 'object' && value !== null) as object[];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (!Array.isArray(next)) this.#members(next as JsonObject);
      for (const value of Object.values(next as Record<string, Json>)) {
        if (typeof value === 'object' && value !== null) open.push(value);
      }
    }
    return this;
  }

  sorted(): readonly string[] {
    return [...this.#found].sort();
  }

  #members(object: JsonObject): void {
    const type = object.type;
    if (type === 'base64' && typeof object.data === 'string') this.add('binary_content');
    if (type === 'url' && typeof object.url === 'string') this.#link(object.url);
    if (type === 'item_reference' || type === 'container_upload') this.add('stored_state');
    for (const key of Object.keys(object)) {
      const value = object[key];
      if (value === null || value === '') continue;
      if (key === 'image_url' || key === 'file_url' || key === 'input_image') {
        this.#link(isObject(value) ? value.url : value);
      } else if (key === 'file_data' || key === 'input_audio') this.add('binary_content');
      else if (key === 'file_id' || key === 'file_ids' || key === 'vector_store_ids') {
        this.add('stored_state');
      } else if (key === 'audio' && isObject(value) && typeof value.id === 'string') {
        this.add('stored_state');
      }
    }
  }

  // INVARIANT: a link that is no data URL counts as remote, whatever its scheme.
  #link(url: Json | undefined): void {
    if (typeof url !== 'string') return;
    this.add(/^\s*data:/i.test(url) ? 'binary_content' : 'remote_content');
  }
}

const hostedTypes = new Set(
  `web_search web_fetch file_search code_interpreter code_execution mcp mcp_toolset computer
   computer_use computer_toolset browser_toolset image_generation local_shell shell apply_patch
   namespace tool_search tool_search_tool_regex tool_search_tool_bm25 programmatic_tool_calling bash
   text_editor memory`.split(/\s+/),
);

function hosted(type: Json | undefined): string {
  if (typeof type !== 'string' || type.length > 64) return 'other';
  const name = type.replace(/_(preview|\d{8}|\d{4}_\d{2}_\d{2})$/, '').replace(/_preview$/, '');
  return hostedTypes.has(name) ? name : 'other';
}
