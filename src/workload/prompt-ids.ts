import { IntColumn } from "./int-column.js";

/** Names of prompts as they are read, made dense: 1, 2, … in order of first appearance, 0 for none. */
export class PromptIds {
  readonly #ids = new IntColumn();
  readonly #known = new Map<string, { readonly id: number; readonly tokens: number }>();

  get any(): boolean {
    return this.#known.size > 0;
  }

  /** Equal names are identical prompts. Returns the length of the earlier one if this one's differs. */
  add(row: number, name: string, tokens: number): number | undefined {
    let prompt = this.#known.get(name);
    if (prompt === undefined) this.#known.set(name, (prompt = { id: this.#known.size + 1, tokens }));
    this.#ids.set(row, prompt.id);
    return prompt.tokens === tokens ? undefined : prompt.tokens;
  }

  take(length: number, order: Uint32Array | undefined): Int32Array {
    return this.#ids.take(length, order);
  }
}
