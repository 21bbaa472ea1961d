import { stepsToReach, total, type Line } from "../core/line.js";
import { OPERATORS, type StepCost } from "../cost/cost-model.js";
import { RunLog, type LoggedRun } from "./run-log.js";
import type { Sequence } from "./sequence.js";

/** Totals that reports need, exact in any order of summation. */
export interface ReplicaTotals {
  readonly operatorSeconds: number[]; // in the order of OPERATORS
  readonly read: number[]; // a layer group, tokens of one layer read by decode steps
  iterations: number;
  tokens: number; // through the layers
  emitted: number; // output tokens
  recomputedTokens: number; // prefilled again after a preemption
  cacheQueries: number; // prompt tokens looked up in the prefix cache, once a request
  cacheHits: number; // and found
  preemptions: number;
  peakLayerBlocks: number;
  lostInput: number; // prompt tokens computed for requests that their clients gave up
  lostOutput: number; // output tokens made for them
}

/** A run that has ended, as it goes into the books. */
export interface EndedRun extends LoggedRun {
  readonly cost: StepCost;
  readonly read: readonly Line[];
}

/** What one replica writes down: the run log, totals, and the gaps between tokens. */
export class Ledger {
  readonly log = new RunLog();
  readonly totals: ReplicaTotals;
  #paused: Sequence[] = []; // that decode, but not in the iteration before

  readonly #gapsFrom: number;

  /** Gaps between tokens count if they end at `gapsFrom` seconds or later. */
  constructor(groups: number, gapsFrom: number) {
    this.#gapsFrom = gapsFrom;
    this.totals = {
      operatorSeconds: OPERATORS.map(() => 0),
      read: Array.from({ length: groups }, () => 0),
      iterations: 0,
      tokens: 0,
      emitted: 0,
      recomputedTokens: 0,
      cacheQueries: 0,
      cacheHits: 0,
      preemptions: 0,
      peakLayerBlocks: 0,
      lostInput: 0,
      lostOutput: 0,
    };
  }

  record(run: EndedRun): void {
    const { log, totals } = this;
    const { cost, steps, decodes } = run;
    log.add(run);
    totals.iterations += steps;
    totals.tokens += steps * decodes;
    totals.emitted += steps * decodes + (run.emitted - decodes);
    totals.peakLayerBlocks = Math.max(totals.peakLayerBlocks, run.blocksAfter);
    const pairs = (steps * (steps - 1)) / 2;
    const { operatorSeconds } = totals;
    for (let i = 0; i < operatorSeconds.length; i++) {
      operatorSeconds[i]! += steps * cost.parts[i]! + pairs * cost.partSlopes[i]!;
    }
    if (decodes === 0) return;
    for (let g = 0; g < run.read.length; g++) totals.read[g]! += total(run.read[g]!, steps);
    this.#recordGaps(run);
  }

  /** A sequence looks for its context in the prefix cache; as vLLM counts, not after a preemption. */
  lookUp(sequence: Sequence, hits: number): void {
    if (sequence.preemptions > 0) return;
    this.totals.cacheQueries += sequence.contextTokens;
    this.totals.cacheHits += hits;
  }

  /** So many context tokens of a sequence go through the layers. */
  prefill(sequence: Sequence, tokens: number): void {
    this.totals.tokens += tokens;
    if (sequence.preemptions > 0) this.totals.recomputedTokens += tokens;
  }

  /** An iteration without decoding begins at `now`: those that decode have to remember their last token. */
  pause(running: readonly Sequence[], now: number): void {
    for (const sequence of running) {
      if (sequence.state !== "decoding" || !Number.isNaN(sequence.lastToken)) continue;
      sequence.lastToken = now;
      this.#paused.push(sequence);
    }
  }

  preempted(now: number): void {
    this.totals.preemptions++;
    this.log.preemptions.push(now);
  }

  /** A sequence leaves its seat; the gap to its next token begins at its last one. */
  vacate(sequence: Sequence, now: number): void {
    if (Number.isNaN(sequence.lastToken)) sequence.lastToken = now;
    else this.#paused = this.#paused.filter((other) => other !== sequence);
  }

  /** A sequence leaves for good whose client has given it up. */
  lose({ spec, generated, prefilled }: Sequence): void {
    this.totals.lostInput += generated > 0 ? spec.promptTokens : prefilled;
    this.totals.lostOutput += generated;
  }

  /** A token came from recomputing a preempted sequence. */
  resume(sequence: Sequence, now: number): void {
    if (now >= this.#gapsFrom) this.log.gaps.add(now - sequence.lastToken, 0, 1, 1);
  }

  #recordGaps({ start, cost, steps, decodes }: EndedRun): void {
    const { gaps } = this.log;
    const early = this.#early(start, cost, steps); // iterations whose tokens do not count yet
    const paused = this.#paused;
    if (paused.length === 0 || early > 0) {
      gaps.add(cost.now + early * cost.perStep, cost.perStep, steps - early, decodes);
    } else {
      for (const sequence of paused) gaps.add(start + cost.now - sequence.lastToken, 0, 1, 1);
      gaps.add(cost.now, 0, 1, decodes - paused.length);
      gaps.add(cost.now + cost.perStep, cost.perStep, steps - 1, decodes);
    }
    if (paused.length === 0) return;
    for (const sequence of paused) sequence.lastToken = NaN;
    this.#paused = [];
  }

  /** How many iterations of a run end before gaps count. */
  #early(start: number, cost: StepCost, steps: number): number {
    if (start >= this.#gapsFrom) return 0;
    if (start + total(cost, steps) < this.#gapsFrom) return steps;
    return stepsToReach(cost, this.#gapsFrom - start, steps) - 1;
  }
}
