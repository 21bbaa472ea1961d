import type { LayerGroup } from "../cost/cost-model.js";
import { TEXT_TOKENS } from "../workload/text.js";
import type { BlockRun } from "./block-runs.js";
import { contextRuns, hasText } from "./context-text.js";
import { prefillBlocks } from "./layer-groups.js";
import { PrefixCache, type Hold, type Match } from "./prefix-cache.js";
import type { Sequence } from "./sequence.js";

const UNCACHED: Match = { cached: 0, used: 0 };

/**
 * The KV blocks of a replica, counted in layer blocks: how many are in use, and, where prefixes are cached, which of them
 * sequences share. A cache wants every layer to keep every token, so that a block of tokens is one in each layer.
 */
export class BlockPool {
  used = 0;
  readonly #blocks: number;
  readonly #groups: readonly LayerGroup[];
  readonly #blockTokens: number;
  readonly #layers: number;
  readonly #cache: PrefixCache | undefined;
  #ownTexts = 0;

  constructor(groups: readonly LayerGroup[], blockTokens: number, layerBlocks: number, caching: boolean) {
    this.#groups = groups;
    this.#blockTokens = blockTokens;
    this.#blocks = layerBlocks;
    this.#layers = groups.reduce((sum, { layers }) => sum + layers, 0);
    this.#cache = caching ? new PrefixCache(blockTokens, Math.floor(layerBlocks / this.#layers)) : undefined;
  }

  get free(): number {
    return this.#blocks - this.used;
  }

  /** Context tokens of a waiting sequence that need not be computed. */
  cachedTokens(sequence: Sequence): number {
    return this.#match(sequence).cached * this.#blockTokens;
  }

  /** Layer blocks that computing so many more tokens takes. */
  prefillBlocks(sequence: Sequence, tokens: number): number {
    if (sequence.state !== "waiting")
      return prefillBlocks(this.#groups, sequence.prefilled + tokens, this.#blockTokens) - sequence.heldBlocks;
    const { cached, used } = this.#match(sequence);
    return prefillBlocks(this.#groups, cached * this.#blockTokens + tokens, this.#blockTokens) - used * this.#layers;
  }

  /** A waiting sequence begins to compute its first tokens. */
  admit(sequence: Sequence, tokens: number): void {
    const blocks = this.prefillBlocks(sequence, tokens);
    sequence.prefilled = this.cachedTokens(sequence) + tokens;
    if (this.#cache !== undefined && hasText(sequence))
      sequence.hold = this.#cache.hold(this.#runs(sequence), sequence.contextTokens);
    this.used += blocks;
    sequence.heldBlocks = prefillBlocks(this.#groups, sequence.prefilled, this.#blockTokens);
  }

  /** A sequence that prefills computes more tokens. */
  extend(sequence: Sequence, tokens: number): void {
    const blocks = this.prefillBlocks(sequence, tokens);
    this.used += blocks;
    sequence.prefilled += tokens;
    sequence.heldBlocks += blocks;
  }

  /** The first tokens of a context are in the blocks of its sequence, or will be by the end of the step: others may find them. */
  publish(sequence: Sequence, tokens: number): void {
    if (sequence.spec.promptText !== undefined) this.#publish(sequence, tokens);
  }

  #publish(sequence: Sequence, tokens: number): void {
    if (this.#cache === undefined || sequence.hold === undefined) return;
    const whole = tokens === sequence.contextTokens;
    const runs = whole ? this.#runs(sequence) : contextRuns(sequence, tokens, this.#blockTokens);
    sequence.hold = this.#cache.insert(sequence.hold, runs);
    sequence.runs = undefined; // it no longer waits
  }

  /** What freeing a sequence with so many layer blocks would free, after those in `before`. */
  freed({ hold }: Sequence, held: number, before: Iterable<Sequence>): number {
    if (this.#cache === undefined || hold === undefined) return held;
    const earlier: Hold[] = [];
    for (const sequence of before) if (sequence.hold !== undefined) earlier.push(sequence.hold);
    return this.#cache.freed(hold, held / this.#layers, earlier) * this.#layers;
  }

  /** Takes the layer blocks of a sequence back that is to come again, and to look for what it had. */
  preempt(sequence: Sequence, held: number, tokens: number): void {
    if (this.#cache !== undefined) {
      sequence.ownText ??= -TEXT_TOKENS * ++this.#ownTexts; // no workload has negative numbers
      sequence.hold ??= this.#cache.hold([], tokens);
      sequence.runs = undefined;
      this.#settle();
      this.#publish(sequence, tokens);
    }
    this.#free(sequence, held);
  }

  /** Takes the layer blocks of a sequence back that has ended or was given up, of which the first `tokens` tokens are computed. */
  release(sequence: Sequence, held: number, tokens: number): void {
    // What is known of most texts ends with the prompt, all of which was published before the first token.
    if (sequence.spec.outputText !== undefined || tokens < sequence.spec.promptTokens) this.publish(sequence, tokens);
    this.#free(sequence, held);
  }

  #free(sequence: Sequence, held: number): void {
    sequence.heldBlocks = 0;
    if (this.#cache?.inUse !== true) {
      this.used -= held;
      return;
    }
    this.#settle();
    const blocks = held / this.#layers;
    if (sequence.hold === undefined) {
      this.#cache.blank(blocks);
      this.used -= held;
      return;
    }
    this.used -= this.#cache.release(sequence.hold, blocks) * this.#layers;
    sequence.hold = undefined;
  }

  #match(sequence: Sequence): Match {
    if (this.#cache === undefined || !hasText(sequence)) return UNCACHED;
    this.#settle();
    return this.#cache.match(this.#runs(sequence), sequence.contextTokens);
  }

  #runs(sequence: Sequence): readonly BlockRun[] {
    return (sequence.runs ??= contextRuns(sequence, sequence.contextTokens, this.#blockTokens));
  }

  #settle(): void {
    this.#cache?.settle(Math.floor(this.free / this.#layers));
  }
}
