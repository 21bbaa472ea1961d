import type { Fail } from "./json-values.js";
import { type LogFields, MAX_TIME_S } from "./log-fields.js";
import { type LogRows, MAX_TOKENS } from "./log-rows.js";

/** Columns that a log may have beside lengths and times; as texts they are the same in every file format. */
export const EXTRAS = ["promptId", "think", "blocks", "blockTokens"] as const satisfies readonly (keyof LogFields)[];
export type Extra = (typeof EXTRAS)[number];

/** Reads them for one request after the other; an empty text is no value. */
export class RowExtras {
  readonly #fields: LogFields;
  #blockTokens: number | null | undefined; // null: they differ

  constructor(fields: LogFields) {
    this.#fields = fields;
  }

  /** Tokens of a block, if all rows with blocks agree. */
  get blockTokens(): number | null {
    return this.#blockTokens ?? null;
  }

  /** Those of the request added last, with a prompt of so many tokens; `text` is "" where the log lacks a column. */
  read(rows: LogRows, prompt: number, text: (extra: Extra) => string, fail: Fail, path: string): void {
    const id = text("promptId");
    const problem = rows.promptId(id, prompt);
    if (problem !== undefined) throw fail(`${this.#fields.promptId} ${id} ${problem}`);
    const think = text("think");
    if (think !== "") rows.think(this.#number("think", think, MAX_TIME_S, fail));
    const blocks = text("blocks");
    if (this.#fields.blocks === undefined || blocks === "") return;
    const names = blocks.split(" ").map((name) => this.#whole("blocks", name, Number.MAX_SAFE_INTEGER, fail));
    rows.blocks(names, "", path);
    const size = text("blockTokens");
    const found = size === "" ? null : this.#whole("blockTokens", size, MAX_TOKENS, fail);
    this.#blockTokens = this.#blockTokens === undefined || this.#blockTokens === found ? found : null;
  }

  #number(extra: Extra, text: string, most: number, fail: Fail): number {
    const value = text.trim() === "" ? NaN : Number(text);
    if (value >= 0 && value <= most) return value;
    throw fail(`${this.#fields[extra]} "${text.slice(0, 40)}" is not a number from 0 to ${most}`);
  }

  #whole(extra: Extra, text: string, most: number, fail: Fail): number {
    if (/^\d+$/.test(text) && Number(text) <= most) return Number(text);
    throw fail(`${this.#fields[extra]} "${text.slice(0, 40)}" is not a whole number up to ${most}`);
  }
}
