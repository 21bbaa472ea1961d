import { check } from "../core/check.js";
import type { Stretch } from "../workload/text.js";
import { blockRuns, type BlockRun } from "./block-runs.js";
import type { Sequence } from "./sequence.js";

/** Whether others, or the sequence itself after a preemption, may find what it leaves in the cache. */
export function hasText({ spec, ownText }: Sequence): boolean {
  return spec.promptText !== undefined || ownText !== undefined;
}

/** The whole blocks among the first `tokens` tokens of a sequence's context, as far as its text is known. */
export function contextRuns({ spec, ownText }: Sequence, tokens: number, blockTokens: number): readonly BlockRun[] {
  const { promptTokens, outputTokens, promptText = [], outputText } = spec;
  if (promptText.length === 0 && ownText !== undefined && outputText === undefined)
    return [{ key: ownText, blocks: Math.floor(tokens / blockTokens) }]; // all of it its own
  let rest = promptTokens;
  for (const stretch of promptText) rest -= stretch.tokens;
  check(rest >= 0, () => `request ${spec.id} has more text than its prompt of ${promptTokens} tokens`);
  const limit = Math.floor(tokens / blockTokens);
  if (ownText === undefined && outputText === undefined) return blockRuns(promptText, blockTokens, limit);
  const text: Stretch[] = [...promptText];
  if (rest > 0 && ownText !== undefined) text.push({ start: ownText, tokens: rest });
  const output = outputText ?? (ownText === undefined ? undefined : ownText + rest);
  if (output !== undefined && (rest === 0 || ownText !== undefined)) text.push({ start: output, tokens: outputTokens });
  return blockRuns(text, blockTokens, limit);
}
