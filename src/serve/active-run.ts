import { stepsToReach, total, type Line } from "../core/line.js";
import { stepCostDraft, type Batch, type CostModel, type PrefillChunk, type StepCost } from "../cost/cost-model.js";
import type { EndedRun } from "./ledger.js";
import type { Sequence } from "./sequence.js";

const NO_CHUNKS: RunChunk[] = []; // nothing is ever put in

/** A part of a context that an iteration computes. */
export interface RunChunk extends PrefillChunk {
  readonly sequence: Sequence;
}

/**
 * Iterations under way: all of them alike but for their lines. One object serves the runs of a replica one after the
 * other, as there are millions of them.
 */
export class ActiveRun implements Batch, EndedRun {
  underWay = false;
  version = 0; // raised whenever its end is another
  start = NaN; // seconds
  steps = 0;
  decodes = 0;
  prefillTokens = 0;
  emitted = 0; // tokens an iteration emits
  chunks: RunChunk[] = NO_CHUNKS;
  readonly read: readonly Line[];
  readonly scored: readonly Line[];
  readonly #draft = stepCostDraft(); // written over by each run
  cost: StepCost = this.#draft;
  // Known once it has ended.
  counter = 0;
  blocksBefore = 0;
  blocksAfter = 0;

  /** The lines of the set that decodes: they are those of this run until the set moves on. */
  constructor(read: readonly Line[], scored: readonly Line[]) {
    this.read = read;
    this.scored = scored;
  }

  /** Forgets the run before. */
  begin(start: number, decodes: number): void {
    this.start = start;
    this.decodes = decodes;
    this.emitted = decodes;
    this.prefillTokens = 0;
    this.chunks = NO_CHUNKS;
  }

  add(chunk: RunChunk): void {
    if (this.chunks === NO_CHUNKS)
      this.chunks = [chunk]; // the usual case: an array that grows by itself makes room for many
    else this.chunks.push(chunk);
    this.prefillTokens += chunk.tokens;
    if (chunk.emits) this.emitted++;
  }

  price(model: CostModel): void {
    this.cost = model.step(this, this.#draft);
  }

  /** It is under way for so many steps. Returns its end. */
  go(steps: number): number {
    this.steps = steps;
    this.underWay = true;
    this.version++;
    return this.#end;
  }

  get #end(): number {
    return this.start + total(this.cost, this.steps);
  }

  /** Start of its last iteration. */
  get lastStart(): number {
    return this.start + total(this.cost, this.steps - 1);
  }

  /** Steps that have begun by then, the first included. */
  stepsUntil(now: number): number {
    return stepsToReach(this.cost, now - this.start, this.steps);
  }

  /** Ends the run with the iteration under way, or one more. Returns its new end, undefined if that stays as it was. */
  cut(now: number, more: 0 | 1): number | undefined {
    const steps = this.stepsUntil(now) + more;
    if (steps >= this.steps) return undefined;
    this.steps = steps;
    this.version++;
    return this.#end;
  }
}
