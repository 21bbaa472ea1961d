import { joined, type Stretch } from "../workload/text.js";

/**
 * Blocks of text, one after the other: of numbers that go on from block to block (`key` is the first of them), or a single
 * block that several stretches share (`key` spells them out). Behind equal blocks, equal keys are equal blocks.
 */
export interface BlockRun {
  readonly key: number | string;
  readonly blocks: number;
}

/** The whole blocks of a text, at most `limit` of them. */
export function blockRuns(text: readonly Stretch[], blockTokens: number, limit: number): readonly BlockRun[] {
  const runs: BlockRun[] = [];
  let left = limit;
  let seam = ""; // what a block has of the stretches before
  let filled = 0; // tokens of it
  const stretches = apart(text) ? text : joined(text);
  for (let i = 0; i < stretches.length; i++) {
    const { start, tokens } = stretches[i] as Stretch;
    let at = 0;
    if (filled > 0) {
      const part = Math.min(tokens, blockTokens - filled);
      seam += `${start}+${part} `;
      filled += part;
      at = part;
      if (filled === blockTokens && left > 0) {
        runs.push({ key: seam, blocks: 1 });
        left--;
        seam = "";
        filled = 0;
      }
    }
    if (left === 0) return runs;
    const blocks = Math.min(left, Math.floor((tokens - at) / blockTokens));
    if (blocks > 0) runs.push({ key: start + at, blocks });
    left -= blocks;
    if (left === 0) return runs;
    at += blocks * blockTokens;
    if (at < tokens && i + 1 < stretches.length) {
      seam += `${start + at}+${tokens - at} `;
      filled += tokens - at;
    }
  }
  return runs;
}

/** Whether no stretch is empty or goes on where the one before ends: nearly always. */
function apart(text: readonly Stretch[]): boolean {
  let end = NaN;
  for (const { start, tokens } of text) {
    if (tokens === 0 || start === end) return false;
    end = start + tokens;
  }
  return true;
}
