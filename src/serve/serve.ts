import { check } from "../core/check.js";
import { eventQueue } from "../core/event-queue.js";
import { QUANTUM, toQuantum } from "../core/quantum.js";
import { stream } from "../core/rng.js";
import type { RequestSpec } from "../workload/workload.js";
import type { ReplicaTotals } from "./ledger.js";
import { Books, EXACT_REQUESTS, type RequestSink } from "./books.js";
import { Replica } from "./replica.js";
import { RequestTable } from "./request-table.js";
import { createRouter, type Router } from "./router.js";
import type { RunLog } from "./run-log.js";
import type { Scenario } from "./scenario.js";

type ServerEvent =
  | { readonly kind: "send"; readonly spec: RequestSpec; readonly drawn: boolean } // the client is ready to send; `drawn` from the workload, not a follow-up
  | { readonly kind: "arrival"; readonly spec: RequestSpec } // it reaches the engine
  | { readonly kind: "deadline"; readonly spec: RequestSpec } // its client waits no longer
  | { readonly kind: "replica"; readonly replica: number; readonly version: number };

/**
 * At one time: requests first, then clients that give up, then the replicas, in their order however long their strides are.
 * So a last token that comes at the very deadline is too late.
 */
const RANK = { send: 0, arrival: 1, deadline: 2, replica: 3 } as const;

export interface ServeResult {
  readonly requests: RequestTable; // all rows, or none if they were too many to keep
  readonly logs: readonly RunLog[]; // one a replica; likewise
  readonly books: Books;
  readonly totals: readonly ReplicaTotals[];
  readonly failed: number; // requests the engine refused: prompt longer than the context
  readonly cancelled: number; // requests that clients gave up
  readonly truncated: number; // outputs cut at the context's end
  readonly end: number; // when the last request left the engines, seconds
  readonly mostInFlight: number; // requests sent and not ended, at any time
}

export interface Progress {
  readonly finished: number;
  readonly sent: number;
  readonly now: number;
}

export interface ServeOptions {
  readonly progress?: (state: Progress) => void;
  readonly sink?: RequestSink | undefined; // gets every request once, in order of id
  readonly exactRequests?: number; // above it rows are not kept; default EXACT_REQUESTS
}

/** Runs a scenario to the end of its last request. Pure: the same scenario gives the same result, to the last bit. */
export function serve(scenario: Scenario, options: ServeOptions = {}): ServeResult {
  const simulation = new Simulation(scenario, options);
  simulation.advance(Infinity);
  return simulation.finish();
}

/** Events handled before each pause: some milliseconds of work. */
const EVENTS_OF_A_TURN = 8192;

/** The same run, which pauses every now and then so that its process can do something else, such as hear an interrupt. */
export async function serveInTurns(
  scenario: Scenario,
  pause: () => Promise<void>,
  options: ServeOptions = {},
): Promise<ServeResult> {
  const simulation = new Simulation(scenario, options);
  while (simulation.advance(EVENTS_OF_A_TURN)) await pause();
  return simulation.finish();
}

class Simulation {
  readonly #scenario: Scenario;
  readonly #progress: ((state: Progress) => void) | undefined;
  readonly #events = eventQueue<ServerEvent>();
  readonly #requests = new RequestTable();
  readonly #books: Books;
  readonly #replicas: readonly Replica[];
  readonly #router: Router;
  readonly #source: Iterator<RequestSpec>;
  readonly #frontEnd: number;
  readonly #patience: () => number; // of the next request, seconds
  readonly #held: RequestSpec[] = []; // that clients hold back, at their limit of requests in flight
  #heldHead = 0;
  #now = 0;
  #ticks = 0;
  #inFlight = 0;
  #mostInFlight = 0;
  #finished = 0;
  #failed = 0;
  #cancelled = 0;
  #truncated = 0;
  #end = 0;

  constructor(scenario: Scenario, { progress, sink, exactRequests = EXACT_REQUESTS }: ServeOptions) {
    this.#scenario = scenario;
    this.#progress = progress;
    const { goals, frontEndSeconds, warmupSeconds } = scenario;
    this.#books = new Books(this.#requests, { goals, frontEndSeconds, warmupSeconds, exactRequests, sink });
    this.#frontEnd = toQuantum(scenario.frontEndSeconds);
    const { patience } = scenario;
    const impatience = stream(scenario.seed, "client/patience");
    this.#patience = patience === undefined ? () => Infinity : () => patience.draw(impatience);
    this.#router = createRouter(scenario.router, stream(scenario.seed, "router"));
    this.#source = scenario.workload.requests(scenario.seed)[Symbol.iterator]();
    this.#replicas = Array.from(
      { length: scenario.replicas },
      (_, index) =>
        new Replica({ ...scenario.engine, index, warmupSeconds }, this.#requests, (now, spec, served) =>
          this.#left(now, spec, served),
        ),
    );
    this.#draw();
  }

  /** Handles at most so many events; whether there are more. */
  advance(events: number): boolean {
    for (let left = events; left > 0; left--) {
      const next = this.#events.pop();
      if (next === undefined) return false;
      this.#tick(next.time);
      this.#handle(next.event, next.time);
    }
    return true;
  }

  finish(): ServeResult {
    const lost = this.#requests.length - this.#finished - this.#failed - this.#cancelled;
    check(lost === 0, () => `${lost} requests were lost`);
    for (const replica of this.#replicas)
      check(replica.usedBlocks(this.#now) === 0, "blocks are held after the last request");
    const logs = this.#replicas.map(({ ledger }) => ledger.log);
    this.#books.finish(logs);
    return {
      requests: this.#requests,
      logs,
      books: this.#books,
      totals: this.#replicas.map(({ ledger }) => ledger.totals),
      failed: this.#failed,
      cancelled: this.#cancelled,
      truncated: this.#truncated,
      end: this.#end,
      mostInFlight: this.#mostInFlight,
    };
  }

  #tick(now: number): void {
    check(now >= this.#now, () => `the clock went back from ${this.#now} to ${now} s, seed ${this.#scenario.seed}`);
    // Counted once all that happens at one time has happened: an end makes room for what is sent at that very time.
    if (now > this.#now && this.#inFlight > this.#mostInFlight) this.#mostInFlight = this.#inFlight;
    this.#now = now;
    if (this.#progress !== undefined && (this.#ticks++ & 0xfff) === 0) {
      this.#progress({ finished: this.#finished, sent: this.#requests.length, now });
    }
  }

  #handle(event: ServerEvent, now: number): void {
    switch (event.kind) {
      case "send":
        this.#accept(event.spec, now);
        if (event.drawn) this.#draw();
        break;
      case "arrival": {
        if (this.#ended(event.spec)) break; // given up on its way
        const index = this.#router.pick(this.#replicas, now);
        this.#requests.replica[this.#requests.slot(event.spec.id)] = index;
        this.#schedule(index, (this.#replicas[index] as Replica).arrive(event.spec, now));
        break;
      }
      case "deadline":
        if (!this.#ended(event.spec)) this.#giveUp(event.spec, now);
        break;
      case "replica": {
        const replica = this.#replicas[event.replica] as Replica;
        if (event.version !== replica.version) break; // the run was cut short since
        let end = replica.advance(now);
        // As long as nothing else happens before this replica's next time, the queue need not be asked.
        while (end !== undefined && end < this.#events.nextTime) {
          this.#tick(end);
          end = replica.advance(end);
        }
        const { log } = replica.ledger;
        if (this.#books.due(log)) this.#books.takeRuns(log, replica.oldestJoin);
        this.#schedule(event.replica, end);
        break;
      }
    }
  }

  /** Notes when a replica wants to act next, if that has changed. */
  #schedule(index: number, time: number | undefined): void {
    if (time === undefined) return;
    const { version } = this.#replicas[index] as Replica;
    this.#events.push(time, RANK.replica + index, { kind: "replica", replica: index, version });
  }

  #send(spec: RequestSpec, now: number): void {
    this.#inFlight++;
    this.#requests.sent[this.#requests.slot(spec.id)] = now;
    this.#events.push(now + this.#frontEnd, RANK.arrival, { kind: "arrival", spec });
    const deadline = now + Math.max(QUANTUM, toQuantum(this.#patience()));
    if (deadline < Infinity) this.#events.push(deadline, RANK.deadline, { kind: "deadline", spec });
  }

  /** Whether nothing more will happen to a request that was sent. */
  #ended({ id }: RequestSpec): boolean {
    return id < this.#requests.first || this.#requests.closed(this.#requests.slot(id));
  }

  /** A request has left its engine; if its client gave it up, that happened before. */
  #left(now: number, spec: RequestSpec, served: boolean): void {
    this.#end = Math.max(this.#end, now);
    if (!served) return;
    this.#finished++;
    this.#close(spec, now, true);
  }

  #giveUp(spec: RequestSpec, now: number): void {
    const index = this.#requests.replica[this.#requests.slot(spec.id)] as number;
    this.#requests.cancel(spec.id, now);
    this.#cancelled++;
    this.#end = Math.max(this.#end, now);
    if (index >= 0) this.#schedule(index, (this.#replicas[index] as Replica).cancel(spec, now));
    this.#close(spec, now, false);
  }

  /** A client has its answer or has given up: it goes on. */
  #close(spec: RequestSpec, now: number, served: boolean): void {
    this.#inFlight--;
    this.#follow(spec, now, served);
    this.#books.closed();
    const next = this.#held[this.#heldHead];
    if (next === undefined) return;
    this.#heldHead++;
    this.#send(next, now);
  }

  /**
   * Sends what follows from the end of a request, at the earliest in the next instant: two replicas that finish a step at
   * one time must not depend on which of them is looked at first.
   */
  #follow(ended: RequestSpec, now: number, served: boolean): void {
    if (ended.followUp === undefined) return;
    for (const spec of ended.followUp(ended, now, served)) {
      const time = Math.max(toQuantum(spec.arrival), now + QUANTUM);
      this.#events.push(time, RANK.send, { kind: "send", spec, drawn: false });
    }
  }

  /** A client is ready to send. Ids are given here, so that they follow arrival whatever the request follows from. */
  #accept(wanted: RequestSpec, now: number): void {
    const id = this.#requests.length;
    const spec = fit(wanted, id, this.#scenario.maxModelTokens);
    this.#requests.add(spec ?? { ...wanted, id });
    this.#books.added();
    if (spec === undefined) {
      this.#failed++;
      this.#requests.refuse(id, now);
      this.#books.closed();
      this.#follow(wanted, now, false);
      return;
    }
    if (spec.outputTokens < wanted.outputTokens) this.#truncated++;
    if (this.#inFlight < this.#scenario.maxConcurrency) this.#send(spec, now);
    else this.#held.push(spec);
  }

  /** Draws the next request; only one is ahead of the clock, so the queue stays short. */
  #draw(): void {
    const next = this.#source.next();
    if (next.done === true) return;
    this.#events.push(toQuantum(next.value.arrival), RANK.send, { kind: "send", spec: next.value, drawn: true });
  }
}

/** The request as the engine takes it: refused if its prompt leaves no room, its output cut at the context's end. */
function fit(spec: RequestSpec, id: number, maxModelTokens: number): RequestSpec | undefined {
  if (spec.promptTokens >= maxModelTokens) return undefined;
  const outputTokens = Math.min(spec.outputTokens, maxModelTokens - spec.promptTokens);
  const reasoningTokens = Math.min(spec.reasoningTokens, outputTokens);
  if (id === spec.id && outputTokens === spec.outputTokens) return spec;
  return { ...spec, id, outputTokens, reasoningTokens };
}
