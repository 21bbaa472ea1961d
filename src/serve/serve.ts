import { check } from "../core/check.js";
import { eventQueue } from "../core/event-queue.js";
import { toQuantum } from "../core/quantum.js";
import { stream } from "../core/rng.js";
import type { RequestSpec } from "../workload/workload.js";
import { Replica, type ReplicaTotals } from "./replica.js";
import { RequestTable } from "./request-table.js";
import { createRouter } from "./router.js";
import type { RunLog } from "./run-log.js";
import type { Scenario } from "./scenario.js";

type ServerEvent =
  | { readonly kind: "send"; readonly spec: RequestSpec } // the client is ready to send
  | { readonly kind: "arrival"; readonly spec: RequestSpec } // it reaches the engine
  | { readonly kind: "replica"; readonly replica: number; readonly version: number };

/** At one time: requests first, then the replicas that work on them. */
const RANK = { send: 0, arrival: 1, replica: 2 } as const;

export interface ServeResult {
  readonly requests: RequestTable;
  readonly logs: readonly RunLog[]; // one a replica
  readonly totals: readonly ReplicaTotals[];
  readonly failed: number; // requests the engine refused: prompt longer than the context
  readonly truncated: number; // outputs cut at the context's end
  readonly end: number; // time of the last token, seconds
}

export interface Progress {
  readonly finished: number;
  readonly sent: number;
  readonly now: number;
}

/** Runs a scenario to the end of its last request. Pure: the same scenario gives the same result, to the last bit. */
export function serve(scenario: Scenario, progress?: (state: Progress) => void): ServeResult {
  const events = eventQueue<ServerEvent>();
  const requests = new RequestTable();
  const held: RequestSpec[] = []; // clients at their limit of requests in flight
  let heldHead = 0;
  let inFlight = 0;
  let finished = 0;
  let failed = 0;
  let truncated = 0;
  let end = 0;
  const replicas = Array.from({ length: scenario.replicas }, (_, index) => new Replica({ ...scenario.engine, index }, requests, done));
  const router = createRouter(scenario.router, stream(scenario.seed, "router"));
  const source = scenario.workload.requests(scenario.seed)[Symbol.iterator]();
  const frontEnd = toQuantum(scenario.frontEndSeconds);

  function done(_id: number, now: number): void {
    finished++;
    inFlight--;
    end = Math.max(end, now);
    const next = held[heldHead];
    if (next !== undefined) {
      heldHead++;
      send(next, now);
    }
  }

  function send(spec: RequestSpec, now: number): void {
    inFlight++;
    requests.sent[spec.id] = now;
    events.push(now + frontEnd, RANK.arrival, { kind: "arrival", spec });
  }

  /** Draws the next request; only one is ahead of the clock, so the queue stays short. */
  function draw(): void {
    for (;;) {
      const next = source.next();
      if (next.done === true) return;
      const spec = fit(next.value, requests.length, scenario.maxModelTokens);
      requests.add(spec ?? next.value);
      if (spec === undefined) {
        failed++;
        requests.sent[requests.length - 1] = toQuantum(next.value.arrival);
        continue;
      }
      if (spec.outputTokens < next.value.outputTokens) truncated++;
      events.push(toQuantum(spec.arrival), RANK.send, { kind: "send", spec });
      return;
    }
  }

  function wake(replica: Replica, index: number, time: number | undefined): void {
    if (time !== undefined) events.push(time, RANK.replica, { kind: "replica", replica: index, version: replica.version });
  }

  draw();
  let now = 0;
  for (let handled = 0; ; handled++) {
    const next = events.pop();
    if (next === undefined) break;
    check(next.time >= now, `the clock went back from ${now} to ${next.time} s, seed ${scenario.seed}`);
    now = next.time;
    const event = next.event;
    if (progress !== undefined && (handled & 0xfff) === 0) progress({ finished, sent: requests.length, now });
    switch (event.kind) {
      case "send":
        if (inFlight < scenario.maxConcurrency) send(event.spec, now);
        else held.push(event.spec);
        draw();
        break;
      case "arrival": {
        const index = router.pick(replicas, now);
        const replica = replicas[index] as Replica;
        requests.replica[event.spec.id] = index;
        wake(replica, index, replica.arrive(event.spec, now));
        break;
      }
      case "replica": {
        const replica = replicas[event.replica] as Replica;
        if (event.version !== replica.version) break; // the run was cut short since
        wake(replica, event.replica, replica.advance(now));
        break;
      }
    }
  }
  check(finished + failed === requests.length, `${requests.length - finished - failed} requests were lost`);
  for (const replica of replicas) check(replica.usedBlocks(now) === 0, "blocks are held after the last request");
  return { requests, logs: replicas.map((r) => r.log), totals: replicas.map((r) => r.totals), failed, truncated, end };
}

/** The request as the engine takes it: refused if its prompt leaves no room, its output cut at the context's end. */
function fit(spec: RequestSpec, id: number, maxModelTokens: number): RequestSpec | undefined {
  if (spec.promptTokens >= maxModelTokens) return undefined;
  const outputTokens = Math.min(spec.outputTokens, maxModelTokens - spec.promptTokens);
  const reasoningTokens = Math.min(spec.reasoningTokens, outputTokens);
  return { ...spec, id, outputTokens, reasoningTokens };
}
