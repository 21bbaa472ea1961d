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
  if (blocks === null) return undefined;
  const { distinct, blockTokens, tokens } = blocks;
  if (blockTokens === null) return tokens === null ? undefined : chunkTexts(blocks, tokens, promptTokens);
  return (row, copy) =>
    stretchesOf(blocks, blockTokens, row, copy * distinct * blockTokens, promptTokens[row] as number);
}

/** Chunks of different sizes; behind one of unknown size nothing is known, as nobody knows where the next begins. */
function chunkTexts({ start, count, ids }: PrefixBlocks, tokens: Int32Array, promptTokens: Int32Array): PromptTexts {
  const first = new Float64Array(tokens.length + 1); // numbers of each chunk's first token; at last how many there are
  tokens.forEach((size, id) => (first[id + 1] = (first[id] as number) + size));
  return (row, copy) => {
    const text: Stretch[] = [];
    const from = start[row] as number;
    let left = promptTokens[row] as number;
    for (let i = from; i < from + (count[row] as number) && left > 0; i++) {
      const id = ids[i] as number;
      const size = tokens[id] as number;
      if (size === 0) break;
      text.push({
        start: copy * (first[tokens.length] as number) + (first[id] as number),
        tokens: Math.min(size, left),
      });
      left -= size;
    }
    return joined(text);
  };
}

/** Ids of blocks that a prompt is the first to have follow each other, so most prompts are few stretches. */
function stretchesOf(
  { start, count, ids }: PrefixBlocks,
  blockTokens: number,
  row: number,
  first: number,
  promptTokens: number,
): readonly Stretch[] {
  const stretches: Stretch[] = [];
  const from = start[row] as number;
  const blocks = Math.min(count[row] as number, Math.ceil(promptTokens / blockTokens));
  for (let i = 0; i < blocks;) {
    const id = ids[from + i] as number;
    let next = i + 1;
    while (next < blocks && ids[from + next] === id + next - i) next++;
    const tokens = Math.min(next * blockTokens, promptTokens) - i * blockTokens;
    stretches.push({ start: first + id * blockTokens, tokens });
    i = next;
  }
  return stretches;
}
