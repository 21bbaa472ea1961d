import { check } from "../core/check.js";
import type { RequestSpec } from "../workload/workload.js";
import { ActiveRun, type RunChunk } from "./active-run.js";
import { BlockPool } from "./block-pool.js";
import { DecodeSet } from "./decode-set.js";
import { Late } from "./late.js";
import { Ledger } from "./ledger.js";
import type { Ended, ReplicaOptions } from "./replica-options.js";
import type { RequestTable } from "./request-table.js";
import type { Plan, SequenceView, ServerView } from "./scheduler.js";
import { Sequence } from "./sequence.js";
import { SequenceTimes } from "./sequence-times.js";
import { nextVictim } from "./victim.js";
import { WaitingQueue } from "./waiting-queue.js";

/** One engine: queue, running sequences, KV pool. The only place where server state changes. */
export class Replica implements ServerView {
  readonly ledger: Ledger;
  readonly maxSequences: number;
  readonly maxTokens: number;
  readonly #queue: WaitingQueue;
  readonly #late = new Late<Sequence>();
  readonly #leaving = new Late<Sequence>(); // given up by their clients
  #settled = 0; // start of the last iteration that ran: who came later is late
  #running: Sequence[] = [];
  #prefilling: Sequence | undefined;
  readonly #run: ActiveRun;
  readonly #pool: BlockPool;
  #inFlight = 0;
  readonly #decoding: DecodeSet;
  readonly #options: ReplicaOptions;
  readonly #times: SequenceTimes;
  readonly #ended: Ended;

  constructor(options: ReplicaOptions, requests: RequestTable, ended: Ended) {
    this.#options = options;
    this.#ended = ended;
    this.#queue = new WaitingQueue(options.priorities);
    ({ maxSequences: this.maxSequences, maxTokens: this.maxTokens } = options);
    this.#pool = new BlockPool(options.groups, options.blockTokens, options.layerBlocks, options.prefixCaching);
    this.#decoding = new DecodeSet(options.groups, options.policy, options.blockTokens, options.maxRun);
    this.#run = new ActiveRun(this.#decoding.read, this.#decoding.scored);
    this.ledger = new Ledger(options.groups.length, options.warmupSeconds);
    this.#times = new SequenceTimes(requests, this.ledger);
  }

  /** Of the run under way: an end announced for an older one is void. */
  get version(): number {
    return this.#run.version;
  }
  get outstanding(): number {
    return this.#inFlight;
  }
  /** Layer blocks in use by the iteration that runs at `now`; as `outstanding`, for routers. */
  usedBlocks(now: number): number {
    if (!this.#run.underWay || this.#run.decodes === 0) return this.#pool.used;
    return this.#pool.used + this.#decoding.blocksTaken(this.#run.stepsUntil(now));
  }

  /** Decode counter at which the first of those that decode joined: earlier tokens are asked for no more. */
  get oldestJoin(): number {
    let oldest = this.#decoding.counter;
    for (const { state, joined } of this.#running) if (state === "decoding" && joined < oldest) oldest = joined;
    return oldest;
  }

  // What a scheduler sees.
  get running(): readonly Sequence[] {
    return this.#running;
  }
  get decodes(): number {
    return this.#decoding.count;
  }
  get prefilling(): Sequence | undefined {
    return this.#prefilling;
  }
  get freeBlocks(): number {
    return this.#pool.free;
  }
  get decodeBlocks(): number {
    return this.#decoding.nextBlocks;
  }
  waiting(index: number): Sequence | undefined {
    return this.#queue.at(index);
  }
  freedBlocks(view: SequenceView, chosen: ReadonlySet<SequenceView>): number {
    const sequence = view as Sequence;
    const held = sequence.state === "decoding" ? this.#decoding.heldBlocks(sequence) : sequence.heldBlocks;
    return this.#pool.freed(sequence, held, chosen as ReadonlySet<Sequence>);
  }
  growthBlocks(view: SequenceView): number {
    return this.#decoding.growthBlocks(view as Sequence);
  }
  prefillBlocks(view: SequenceView, tokens: number): number {
    return this.#pool.prefillBlocks(view as Sequence, tokens);
  }
  cachedTokens(view: SequenceView): number {
    return this.#pool.cachedTokens(view as Sequence);
  }
  victim(chosen: ReadonlySet<SequenceView>): Sequence | undefined {
    return nextVictim(this.#running, chosen, this.#options.priorities);
  }

  /** A request reaches the engine. Returns when the replica wants to be called next, or undefined if that stays as it was. */
  arrive(spec: RequestSpec, now: number): number | undefined {
    const blocked = this.#queue.length > 0 && !this.#options.priorities;
    const run = this.#run;
    const late = this.#options.asyncScheduling && run.underWay && now > run.start; // for the next one too
    if (late) this.#late.add(new Sequence(spec), now);
    else this.#queue.insert(new Sequence(spec));
    this.#inFlight++;
    if (!run.underWay) {
      run.version++;
      return now; // after everything else that arrives at this very time
    }
    // While the head of the queue is blocked, it stays blocked to the end of the run: free blocks only shrink.
    if (blocked || this.#running.length >= this.maxSequences) return undefined;
    return run.cut(now, late ? 1 : 0);
  }

  /**
   * The client of a request that has not ended gives it up. The engine drops it before the next iteration that is not
   * settled yet, as vLLM handles aborts; what it computes until then is lost too. Returns like arrive().
   */
  cancel(spec: RequestSpec, now: number): number | undefined {
    const same = (other: Sequence): boolean => other.spec.id === spec.id;
    const sequence = this.#running.find(same) ?? this.#queue.find(spec) ?? this.#late.find(same);
    check(sequence !== undefined, () => `request ${spec.id} is given up and not there`);
    sequence.abandoned = true;
    this.#inFlight--;
    if (!this.#run.underWay) {
      this.#leave(sequence, now);
      return undefined;
    }
    this.#leaving.add(sequence, now);
    return this.#run.cut(now, this.#options.asyncScheduling ? 1 : 0);
  }

  /** Takes in who has come and lets go who was given up until then. */
  #settle(now: number, until: number): void {
    for (const { item } of this.#late.take(until)) this.#queue.insert(item);
    for (const { item } of this.#leaving.take(until)) this.#leave(item, now);
  }

  get #idle(): boolean {
    return this.#running.length === 0 && this.#queue.length === 0;
  }

  /** Plans and starts the next run. Returns its end, or undefined if there is nothing to do. */
  #begin(now: number): number | undefined {
    this.#settle(now, this.#options.asyncScheduling ? this.#settled : Infinity);
    if (this.#idle) this.#settle(now, Infinity); // then nothing was settled ahead
    if (this.#idle) return undefined;
    const { scheduler } = this.#options;
    const plan = scheduler.plan(this);
    for (const victim of plan.preempt) this.#preempt(victim as Sequence, now);
    const decodes = plan.decode ? this.#decoding.count : 0;
    if (decodes > 0) {
      this.#pool.used += this.#decoding.nextBlocks;
      this.#decoding.settle();
    } else this.ledger.pause(this.#running, now);
    const run = this.#run;
    run.begin(now, decodes);
    const partial = this.#prefilling;
    if (plan.chunk > 0 && partial !== undefined) {
      this.#pool.extend(partial, plan.chunk);
      run.add(this.#compute(partial, plan.chunk));
    }
    for (let budget = plan.budget; budget > 0;) {
      const tokens = scheduler.admit(this, budget);
      if (tokens === 0) break;
      run.add(this.#admit(tokens, now));
      budget -= tokens;
    }
    const decodesOnly = run.chunks.length === 0;
    if (decodes === 0 && decodesOnly) check(false, `nothing runs although work waits, at ${now} s`);
    if (this.#pool.free < 0) check(false, `more KV blocks in use than there are, at ${now} s`);
    run.price(this.#options.cost);
    return run.go(decodesOnly && this.#late.length === 0 && this.#leaving.length === 0 ? this.#stride(plan) : 1);
  }

  /** The time this replica asked for has come: ends the run under way and begins the next. Returns its end. */
  advance(now: number): number | undefined {
    if (this.#run.underWay) this.#finish(now);
    return this.#begin(now);
  }

  /** Tokens are out, sequences end, join or change regime. */
  #finish(now: number): void {
    const run = this.#run;
    run.underWay = false;
    this.#settled = run.lastStart;
    run.counter = this.#decoding.counter;
    run.blocksBefore = this.#pool.used;
    if (run.decodes > 0) this.#pool.used += this.#decoding.blocksTaken(run.steps);
    run.blocksAfter = this.#pool.used;
    this.ledger.record(run); // before the decode set moves on
    if (run.decodes > 0) {
      this.#decoding.advance(run.steps);
      const freed = this.#decoding.milestones(this.#last, now); // which frees more by itself
      this.#pool.used -= freed;
    }
    for (const { sequence, emits } of run.chunks) if (emits) this.#prefilled(sequence, now);
  }

  #stride({ steadyFor }: Plan): number {
    const { cost } = this.#run;
    const limit = Math.min(this.#options.maxRun, steadyFor, cost.steadyFor, this.#decoding.stepsToMilestone);
    return 1 + this.#decoding.stepsWithin(this.freeBlocks, limit - 1);
  }

  /** The first of the queue gets a seat, and the first tokens of its context go into this iteration. */
  #admit(tokens: number, now: number): RunChunk {
    const sequence = this.#queue.at(0);
    check(sequence !== undefined, "nobody waits to be admitted");
    this.#queue.remove(1);
    this.#pool.admit(sequence, tokens);
    sequence.state = "prefilling";
    this.#running.push(sequence);
    this.#times.admitted(sequence, now);
    if (this.#options.prefixCaching) this.ledger.lookUp(sequence, sequence.prefilled - tokens);
    return this.#compute(sequence, tokens);
  }

  #compute(sequence: Sequence, tokens: number): RunChunk {
    this.ledger.prefill(sequence, tokens);
    const emits = sequence.prefilled === sequence.contextTokens;
    if (emits) this.#pool.publish(sequence, sequence.prefilled);
    this.#prefilling = emits ? undefined : sequence;
    return { sequence, tokens, context: sequence.prefilled - tokens, emits };
  }

  #preempt(sequence: Sequence, now: number): void {
    const { held, tokens } = this.#vacate(sequence, now);
    this.#pool.preempt(sequence, held, tokens);
    sequence.prefilled = 0;
    sequence.state = "waiting";
    sequence.preemptions++;
    this.ledger.preempted(now);
    this.#times.preempted(sequence);
    this.#queue.insert(sequence);
  }

  /** Takes the seat of a running sequence that has not ended. Returns its blocks, and how many tokens are in them. */
  #vacate(sequence: Sequence, now: number): { held: number; tokens: number } {
    this.#running.splice(this.#running.lastIndexOf(sequence), 1);
    if (sequence.state !== "decoding") {
      if (this.#prefilling === sequence) this.#prefilling = undefined;
      return { held: sequence.heldBlocks, tokens: sequence.prefilled };
    }
    this.ledger.vacate(sequence, now);
    this.#times.answer(sequence, this.#decoding.generated(sequence));
    const held = this.#decoding.leave(sequence);
    return { held, tokens: sequence.contextTokens - 1 }; // the newest token has not been through the layers
  }

  /** Drops a sequence whose client has given it up, unless its last token came with the iteration under way. */
  #leave(sequence: Sequence, now: number): void {
    if (sequence.state === "waiting") this.#queue.drop(sequence);
    else if (this.#running.includes(sequence)) {
      const { held, tokens } = this.#vacate(sequence, now);
      this.#pool.release(sequence, held, tokens);
    } else return;
    this.ledger.lose(sequence);
    this.#ended(now, sequence.spec, false);
  }

  /** A context is computed: a token is out and decoding begins. */
  #prefilled(sequence: Sequence, now: number): void {
    if (sequence.generated > 0) this.ledger.resume(sequence, now);
    sequence.lastToken = NaN;
    sequence.generated++;
    this.#times.token(sequence, now);
    sequence.state = "decoding";
    if (sequence.generated === sequence.spec.outputTokens) {
      this.#pool.release(sequence, sequence.heldBlocks, sequence.prefilled);
      this.#remove(sequence, now);
    } else this.#pool.used -= this.#decoding.join(sequence);
  }

  /** Its last token came from decoding. One function for all runs, not one each. */
  readonly #last = (sequence: Sequence, now: number): void => {
    this.#times.answer(sequence, this.#decoding.generated(sequence));
    const held = this.#decoding.leave(sequence);
    this.#pool.release(sequence, held, sequence.contextTokens - 1);
    this.#remove(sequence, now);
  };

  /** The last token is out. */
  #remove(sequence: Sequence, now: number): void {
    this.#running.splice(this.#running.indexOf(sequence), 1);
    const served = !sequence.abandoned;
    if (served) {
      this.#inFlight--;
      this.#times.ended(sequence, now);
    } else this.ledger.lose(sequence);
    this.#ended(now, sequence.spec, served);
  }
}
