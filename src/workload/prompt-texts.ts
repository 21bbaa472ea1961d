import type { PrefixBlocks } from "./block-ids.js";
import type { RequestLog } from "./log-rows.js";
import { joined, TEXT_TOKENS, type Stretch } from "./text.js";

/** What the prompt in a row of a log says; undefined if nobody else says it. */
export type PromptTexts = (row: number, copy: number) => readonly Stretch[] | undefined;

type Columns = Pick<RequestLog, "promptTokens" | "promptId" | "blocks">;

/**
 * The text of each prompt of a log that knows of identical prompts or of equal blocks; undefined if it knows of neither.
 * Copies of a session share among themselves what the recorded ones share, and nothing with those: they stand for others
 * who do alike.
 */
export function promptTexts({ promptTokens, promptId, blocks }: Columns): PromptTexts | undefined {
  if (promptId !== null) {
    const known = promptId.reduce((most, id) => Math.max(most, id), 0);
    return (row, copy) => {
      const id = promptId[row] as number;
      if (id === 0) return undefined;
      return [{ start: (copy * known + id) * TEXT_TOKENS, tokens: promptTokens[row] as number }];
    };
  }
  if (blocks?.blockTokens == null) return undefined;
  const { distinct, blockTokens } = blocks;
  return (row, copy) => joined(blocksOf(blocks, row, copy * distinct * blockTokens, promptTokens[row] as number));
}

/** Ids of blocks that a prompt is the first to have follow each other, so most prompts are few stretches. */
function* blocksOf(
  { start, count, ids, blockTokens }: PrefixBlocks,
  row: number,
  first: number,
  promptTokens: number,
): Generator<Stretch> {
  const size = blockTokens ?? 0;
  const from = start[row] as number;
  for (let i = 0; i < (count[row] as number) && i * size < promptTokens; i++) {
    yield { start: first + (ids[from + i] as number) * size, tokens: Math.min(size, promptTokens - i * size) };
  }
}
