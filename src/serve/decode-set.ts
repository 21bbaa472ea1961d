import { at, type Line } from "../core/line.js";
import { check } from "../core/check.js";
import { eventQueue, type EventQueue } from "../core/event-queue.js";
import type { LayerGroup } from "../cost/cost-model.js";
import type { Policy } from "../policy/policy.js";
import { footprint, residentBlocks } from "./layer-groups.js";
import type { Sequence } from "./sequence.js";

interface MutableLine {
  now: number;
  perStep: number;
}

/**
 * The sequences of a replica that decode, as sums. One step moves all of them by one token, so a counter of steps
 * carries every length: sums of lines advance by their slopes, and which step needs new blocks is known from how many
 * sequences cross a block boundary at each phase of the counter. Nothing here costs time per sequence and step.
 */
export class DecodeSet {
  counter = 0; // decode steps this replica has run
  count = 0;
  readonly read: readonly MutableLine[];
  readonly scored: readonly MutableLine[];
  readonly #crossings: Int32Array; // layer blocks taken at each phase of the counter by sequences that grow
  #cycleBlocks = 0; // sum of #crossings: layer blocks taken in blockTokens steps
  readonly #fresh: Sequence[] = []; // regimes whose first step has not run
  #pendingBlocks = 0; // of the fresh
  readonly #milestones: EventQueue<{ readonly sequence: Sequence; readonly stamp: number }> = eventQueue();
  readonly #groups: readonly LayerGroup[];
  readonly #policy: Policy;
  readonly #blockTokens: number;

  readonly #maxRegime: number;

  /** `maxRegime` bounds how long a footprint is believed: 1 asks the policy anew before every step. */
  constructor(groups: readonly LayerGroup[], policy: Policy, blockTokens: number, maxRegime: number) {
    this.#maxRegime = maxRegime;
    this.#groups = groups;
    this.#policy = policy;
    this.#blockTokens = blockTokens;
    this.read = groups.map(() => ({ now: 0, perStep: 0 }));
    this.scored = groups.map(() => ({ now: 0, perStep: 0 }));
    this.#crossings = new Int32Array(blockTokens);
  }

  /** Layer blocks the next step takes. */
  get nextBlocks(): number {
    return (this.#crossings[this.counter % this.#blockTokens] as number) + this.#pendingBlocks;
  }

  /** Decode steps until the next sequence ends or changes its regime. */
  get stepsToMilestone(): number {
    return this.#milestones.nextTime - this.counter;
  }

  /** Lets a sequence whose prefill is done begin. Returns the layer blocks this frees. */
  join(sequence: Sequence): number {
    sequence.joined = this.counter;
    this.count++;
    return this.#begin(sequence, sequence.generated, sequence.heldBlocks);
  }

  /** Takes a sequence out, ended or preempted. Returns the layer blocks it held. */
  leave(sequence: Sequence): number {
    const held = this.heldBlocks(sequence);
    sequence.generated = this.generated(sequence);
    this.#end(sequence);
    sequence.stamp++;
    sequence.heldBlocks = 0;
    this.count--;
    return held;
  }

  generated(sequence: Sequence): number {
    return sequence.generated + this.counter - sequence.joined;
  }

  heldBlocks(sequence: Sequence): number {
    if (sequence.fresh || sequence.footprint === undefined) return sequence.heldBlocks;
    const steps = this.counter - 1 - sequence.regime;
    return residentBlocks(this.#groups, sequence.footprint.resident, steps, this.#blockTokens);
  }

  /** Layer blocks the next step of one sequence takes. */
  growthBlocks(sequence: Sequence): number {
    if (sequence.fresh || sequence.footprint === undefined) return sequence.pendingBlocks;
    const steps = this.counter - sequence.regime;
    const next = residentBlocks(this.#groups, sequence.footprint.resident, steps, this.#blockTokens);
    return next - this.heldBlocks(sequence);
  }

  /** Puts the fresh regimes on the books: their first step is about to run. */
  settle(): void {
    for (let sequence = this.#fresh.pop(); sequence !== undefined; sequence = this.#fresh.pop()) {
      sequence.fresh = false;
      this.#cross(sequence, 1);
    }
    this.#pendingBlocks = 0;
  }

  /** How many further steps, after the one just settled, `freeBlocks` suffice for; at most `limit`. */
  stepsWithin(freeBlocks: number, limit: number): number {
    if (this.#cycleBlocks === 0) return limit;
    const cycles = Math.floor(freeBlocks / this.#cycleBlocks);
    let steps = cycles * this.#blockTokens;
    if (steps >= limit) return limit;
    let left = freeBlocks - cycles * this.#cycleBlocks;
    for (; steps < limit; steps++) {
      left -= this.#crossings[(this.counter + 1 + steps) % this.#blockTokens] as number;
      if (left < 0) break;
    }
    return steps;
  }

  /** Layer blocks that steps 2 … n from here take, the first already settled. */
  blocksTaken(n: number): number {
    const cycles = Math.floor((n - 1) / this.#blockTokens);
    let blocks = cycles * this.#cycleBlocks;
    for (let i = cycles * this.#blockTokens; i < n - 1; i++) {
      blocks += this.#crossings[(this.counter + 1 + i) % this.#blockTokens] as number;
    }
    return blocks;
  }

  /** Runs n steps, the first already settled. */
  advance(n: number): void {
    this.counter += n;
    for (const line of this.read) line.now += n * line.perStep;
    for (const line of this.scored) line.now += n * line.perStep;
  }

  /**
   * Handles what the counter has reached: sequences that have emitted their last token are passed to `ended`, the others
   * get their next regime. Returns the layer blocks the new regimes free.
   */
  milestones(ended: (sequence: Sequence, now: number) => void, now: number): number {
    let freed = 0;
    while (this.#milestones.nextTime <= this.counter) {
      const due = this.#milestones.pop();
      check(due !== undefined && due.time === this.counter, "a milestone was passed over");
      const { sequence, stamp } = due.event;
      if (stamp !== sequence.stamp) continue;
      const generated = this.generated(sequence);
      if (generated === sequence.spec.outputTokens) {
        ended(sequence, now);
      } else {
        const held = this.heldBlocks(sequence);
        this.#end(sequence);
        freed += this.#begin(sequence, generated, held);
      }
    }
    return freed;
  }

  /** Starts a regime at the current counter; its first step has yet to run. Returns layer blocks freed at once. */
  #begin(sequence: Sequence, generated: number, held: number): number {
    const print = footprint(this.#groups, this.#policy, { prompt: sequence.spec.promptTokens, generated });
    sequence.footprint = print;
    sequence.regime = this.counter;
    sequence.stamp++;
    const change = residentBlocks(this.#groups, print.resident, 0, this.#blockTokens) - held;
    sequence.heldBlocks = Math.min(held, held + change);
    sequence.pendingBlocks = Math.max(0, change);
    sequence.fresh = true;
    this.#fresh.push(sequence);
    this.#pendingBlocks += sequence.pendingBlocks;
    this.#add(this.read, print.read);
    this.#add(this.scored, print.scored);
    const left = sequence.spec.outputTokens - generated;
    const until = this.counter + Math.min(left, print.steadyFor, this.#maxRegime);
    // Ties in the order of ids: what follows from an end must not depend on how long the strides are.
    this.#milestones.push(until, sequence.spec.id, { sequence, stamp: sequence.stamp });
    return Math.max(0, -change);
  }

  #end(sequence: Sequence): void {
    const print = sequence.footprint;
    check(print !== undefined, "a sequence without a footprint decodes");
    if (sequence.fresh) {
      this.#pendingBlocks -= sequence.pendingBlocks;
      sequence.fresh = false;
      this.#fresh.splice(this.#fresh.indexOf(sequence), 1);
    } else {
      this.#cross(sequence, -1);
    }
    this.#subtract(this.read, print.read, this.counter - sequence.regime);
    this.#subtract(this.scored, print.scored, this.counter - sequence.regime);
    sequence.footprint = undefined;
  }

  #add(sums: readonly MutableLine[], lines: readonly Line[]): void {
    for (let g = 0; g < sums.length; g++) {
      const sum = sums[g] as MutableLine;
      const line = lines[g] as Line;
      sum.now += line.now;
      sum.perStep += line.perStep;
    }
  }

  /** Takes out lines that have advanced. Adding them times -1 would make zeros -0, and with that all of V8's integers doubles. */
  #subtract(sums: readonly MutableLine[], lines: readonly Line[], steps: number): void {
    for (let g = 0; g < sums.length; g++) {
      const sum = sums[g] as MutableLine;
      const line = lines[g] as Line;
      sum.now -= at(line, steps);
      sum.perStep -= line.perStep;
    }
  }

  /** A sequence with r resident tokens at its regime's first step r0 takes a block at r0 + 1 - r, modulo the block size. */
  #cross(sequence: Sequence, sign: 1 | -1): void {
    const resident = (sequence.footprint as { resident: readonly Line[] }).resident;
    for (let g = 0; g < resident.length; g++) {
      const line = resident[g] as Line;
      if (line.perStep === 0) continue;
      check(line.perStep === 1, "resident tokens grow by one a step or not at all");
      const block = this.#blockTokens;
      const phase = (((sequence.regime + 1 - line.now) % block) + block) % block;
      const layers = sign * (this.#groups[g] as LayerGroup).layers;
      this.#crossings[phase] = (this.#crossings[phase] as number) + layers;
      this.#cycleBlocks += layers;
    }
  }
}
