import { InputError } from "../core/check.js";
import type { AttentionTrace } from "./attention-trace.js";
import { rowBlocks, tensorsOf } from "./layout.js";
import { readRows } from "./write-trace.js";

/** A block of a tensor that has been read, and what was found wrong in it. */
export interface CheckedBlock {
  readonly tensor: string;
  readonly values: number;
  readonly fault?: string;
}

/** Reads every value of a trace, block by block; after a fault it goes on with the next tensor. */
export function* checkTrace(trace: AttentionTrace): Generator<CheckedBlock> {
  const bounds = trace.channels.has("page-bounds");
  for (const { name, shape, optional } of tensorsOf(trace.metadata)) {
    if (optional === true && !bounds) continue;
    for (const [from, to] of rowBlocks(shape)) {
      try {
        yield { tensor: name, values: readRows(trace, name, from, to).length };
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        yield { tensor: name, values: 0, fault: error.message };
        break;
      }
    }
  }
}
