import type { PrefixBlocks } from "./block-ids.js";
import type { RequestLog } from "./log-rows.js";

const BLOCK_TOKENS = 16; // vLLM's default
const MAX_REFERENCES = 2 ** 27; // half a gigabyte

/**
 * A log that knows of identical prompts, but of no blocks, with those that an engine would cut them into: whole ones only,
 * as only these are cached. Any other log, and one with too many of them, comes back as it is.
 */
export function withPromptBlocks(log: RequestLog): RequestLog {
  const { promptId, promptTokens, length } = log;
  if (log.blocks !== null || promptId === null) return log;
  const blocksOf = (row: number): number => Math.floor((promptTokens[row] as number) / BLOCK_TOKENS);
  const first = new Map<number, number>(); // prompt → its first block
  const [start, count] = [new Int32Array(length), new Int32Array(length)];
  let [references, distinct] = [0, 0];
  for (let row = 0; row < length; row++) {
    start[row] = references;
    count[row] = blocksOf(row);
    references += blocksOf(row);
    if (references > MAX_REFERENCES) return log;
  }
  const ids = new Int32Array(references);
  for (let row = 0; row < length; row++) {
    const id = promptId[row] as number;
    const known = id === 0 ? undefined : first.get(id);
    const from = known ?? distinct;
    if (known === undefined) {
      distinct += blocksOf(row);
      if (id !== 0) first.set(id, from);
    }
    for (let block = 0; block < blocksOf(row); block++) ids[(start[row] as number) + block] = from + block;
  }
  const blocks: PrefixBlocks = { blockTokens: BLOCK_TOKENS, tokens: null, distinct, start, count, ids };
  const note = `Equal prompt ids are identical prompts; they are cut into whole blocks of ${BLOCK_TOKENS} tokens, as vLLM does by default.`;
  return { ...log, blocks, notes: [...log.notes, note] };
}
