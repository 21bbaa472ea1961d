import type { Sample } from "../core/quantile.js";
import type { RequestSpec } from "../workload/workload.js";
import type { Goals } from "./goodput.js";
import { Questions } from "./questions.js";
import { CANCELLED, REFUSED, requestTimes, type RequestTable, type RequestTimes } from "./request-table.js";
import { TenantTally } from "./tenant-tally.js";

/** Sums and distributions over requests that have ended; latencies in seconds. */
export class RequestTally {
  readonly ttft: Sample;
  readonly tpot: Sample; // of requests with at least two tokens
  readonly e2el: Sample;
  readonly ttfa: Sample; // to the first answer token, of requests that reason and answer
  readonly prompts: Sample; // lengths, of refused requests too
  longestOutput = 2;
  firstSent = Infinity; // of all that ended, however early
  lastSent = -Infinity;
  lastAdmitted = -Infinity;
  warmedUp = 0; // sent before the measurement began: in no sum below
  completed = 0;
  cancelled = 0; // given up by their clients
  input = 0;
  output = 0;
  reasoning = 0;
  good = 0; // within the goals
  budgetMet = 0; // thinking budgets
  cutTokens = 0; // by them
  readonly questions: Questions;
  readonly tenants: TenantTally;
  start = Infinity; // first sent of those that completed or were given up
  running = 0; // request seconds, after the warm-up
  waiting = 0;
  readonly #options: TallyOptions;

  constructor(options: TallyOptions) {
    this.#options = options;
    this.ttft = options.sample();
    this.tpot = options.sample();
    this.e2el = options.sample();
    this.ttfa = options.sample();
    this.prompts = options.sample();
    this.tenants = new TenantTally(options.sample);
    this.questions = new Questions(options.sample());
  }

  /** Adds the request in a slot of the table. */
  add(requests: RequestTable, slot: number): void {
    const { goals, frontEndSeconds, warmupSeconds } = this.#options;
    const spec = requests.specs[slot] as RequestSpec;
    this.prompts.add(spec.promptTokens, 0, 1, 1);
    this.longestOutput = Math.max(this.longestOutput, spec.outputTokens);
    const lost = requests.lost[slot] as number;
    if (spec.group !== undefined && !(requests.sent[slot]! < warmupSeconds)) {
      const answered = lost === 0 ? (requests.end[slot] as number) : NaN; // a vote without all samples is none
      this.questions.add(spec.group, spec.id, requests.sent[slot] as number, answered);
    }
    if (lost === REFUSED) {
      if (!(requests.sent[slot]! < warmupSeconds)) this.tenants.add(spec, REFUSED);
      return;
    }
    const sent = requests.sent[slot] as number;
    const admitted = requests.leftQueue(slot);
    const end = requests.end[slot] as number;
    this.firstSent = Math.min(this.firstSent, sent);
    this.lastSent = Math.max(this.lastSent, sent);
    this.lastAdmitted = Math.max(this.lastAdmitted, admitted);
    if (warmupSeconds > 0) {
      this.running += Math.max(0, end - Math.max(admitted, warmupSeconds));
      this.waiting += Math.max(0, admitted - Math.max(sent + frontEndSeconds, warmupSeconds));
    } else {
      this.running += end - admitted;
      this.waiting += Math.max(0, admitted - sent - frontEndSeconds); // given up on its way: no wait
    }
    if (sent < warmupSeconds) {
      this.warmedUp++;
      return;
    }
    if (lost === CANCELLED) {
      this.cancelled++;
      this.start = Math.min(this.start, sent);
      this.tenants.add(spec, CANCELLED);
      return;
    }
    this.completed++;
    this.input += spec.promptTokens;
    this.output += spec.outputTokens;
    this.reasoning += spec.reasoningTokens;
    if (spec.cutTokens !== undefined) {
      this.budgetMet++;
      this.cutTokens += spec.cutTokens;
    }
    this.start = Math.min(this.start, sent);
    const times = requestTimes(requests, slot);
    this.tenants.add(spec, times);
    this.ttft.add(times.ttft, 0, 1, 1);
    this.e2el.add(times.e2el, 0, 1, 1);
    if (!Number.isNaN(times.tpot)) this.tpot.add(times.tpot, 0, 1, 1);
    if (!Number.isNaN(times.ttfa)) this.ttfa.add(times.ttfa, 0, 1, 1);
    if (goals !== undefined && meets(times, goals)) this.good++;
  }
}

export interface TallyOptions {
  readonly sample: () => Sample;
  readonly goals: Goals | undefined;
  readonly frontEndSeconds: number;
  readonly warmupSeconds: number;
}

function meets(times: RequestTimes, goals: Goals): boolean {
  const tpot = Number.isNaN(times.tpot) ? 0 : times.tpot; // a single token has no gap to be late in
  const within = (seconds: number, goal: number | undefined): boolean => goal === undefined || seconds * 1000 <= goal;
  // The mean gap of one request is its TPOT.
  return (
    within(times.ttft, goals.ttft) &&
    within(tpot, goals.tpot) &&
    within(tpot, goals.itl) &&
    within(times.e2el, goals.e2el)
  );
}
