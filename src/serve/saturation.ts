import { REFUSED } from "./request-table.js";
import type { Scenario } from "./scenario.js";
import type { ServeResult } from "./serve.js";

/** What tells a load above capacity: how many requests came before a time, and what the engines made. */
interface Evidence {
  readonly sent: (before: number) => number; // of requests that end
  readonly queued: (time: number) => number; // sent and not admitted
  readonly tokens: (from: number, to: number) => number; // that came out
}

/**
 * A load above capacity has no steady state: the queue grows as long as requests arrive. Told from the number of
 * requests that have been sent and not yet admitted, at the middle, at three quarters and at the end of the arrivals,
 * the warm-up left out. A queue that grows at first and then stands is a slow start.
 */
export function saturation(
  scenario: Pick<Scenario, "warmupSeconds">,
  result: ServeResult,
): { saturated: boolean; message: string } {
  const { tally } = result.books;
  const evidence = result.books.windows === undefined ? fromRows(result) : fromWindows(result);
  const first = Math.max(tally.firstSent, scenario.warmupSeconds);
  const last = tally.lastSent;
  const served = tally.completed;
  if (served < 20) return { saturated: false, message: "too few requests to tell whether the load is sustainable" };
  const half = (first + last) / 2;
  const begin = evidence.queued(first);
  const middle = evidence.queued(half);
  const late = evidence.queued((half + last) / 2);
  const end = evidence.queued(last);
  const secondHalf = tally.completed + tally.warmedUp - evidence.sent(half);
  const notable = Math.max(10, 0.05 * secondHalf);
  if (last === first || end - middle <= notable) {
    return last > first && middle - begin > notable && middle > notable
      ? { saturated: false, message: slowStart(begin, middle, "middle", end) }
      : { saturated: false, message: "the queue does not grow" };
  }
  // A load above capacity adds half of the growth in the last quarter.
  if (end - late < (end - middle) / 8)
    return { saturated: false, message: slowStart(middle, late, "third quarter", end) };
  const rate = served / (last - first);
  const capacity =
    evidence.tokens(half, tally.lastAdmitted) / (tally.lastAdmitted - half) / (tally.output / tally.completed);
  return {
    saturated: true,
    message:
      `SATURATED: ${rate.toPrecision(3)} requests/s arrive, about ${capacity.toPrecision(3)} can be served; ` +
      `the queue grew from ${middle} to ${end} over the second half of the arrivals. There is no steady state: ` +
      `latencies depend on how long the run is, only throughput means something.`,
  };
}

function slowStart(from: number, to: number, when: string, end: number): string {
  return (
    `a slow start or a burst: the queue grew from ${from} to ${to} up to the ${when} of the arrivals and does not grow ` +
    `from there, ${end} at their end; --warmup leaves the start out`
  );
}

/**
 * Requests a second that the engines can serve are output tokens a second while the queue is not empty, from the middle
 * of the arrivals to the last admission, by the mean output of a request. Counting requests that end would depend on
 * which lengths happened to be running.
 */
function fromRows({ requests, logs }: ServeResult): Evidence {
  // NaN for those that no engine took.
  const sent = new Float64Array(requests.length).fill(NaN);
  const left = new Float64Array(requests.length).fill(NaN); // the queue
  for (let id = 0; id < requests.length; id++) {
    if (requests.lost[id] === REFUSED) continue;
    sent[id] = requests.sent[id] as number;
    left[id] = requests.leftQueue(id);
  }
  return {
    sent: (before) => countUpTo(sent, before),
    queued: (time) => countUpTo(sent, time) - countUpTo(left, time),
    tokens(from, to) {
      let tokens = 0;
      for (const log of logs) {
        for (let row = 0; row < log.length; row++) {
          const start = log.get(row, "start");
          const end = log.end(row);
          const overlap = Math.min(end, to) - Math.max(start, from);
          if (overlap > 0) tokens += (log.get(row, "emitted") * log.get(row, "steps") * overlap) / (end - start);
        }
      }
      return tokens;
    },
  };
}

/** To the nearest window, at most 1/256 of the run. */
function fromWindows({ books: { windows } }: ServeResult): Evidence {
  const before = (column: "sent" | "admitted" | "output", time: number): number => windows?.before(column, time) ?? 0;
  return {
    sent: (time) => before("sent", time),
    queued: (time) => before("sent", time) - before("admitted", time),
    tokens: (from, to) => before("output", to) - before("output", from),
  };
}

/** How many of some values are at most x; a NaN never is. */
function countUpTo(values: Float64Array, x: number): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) if ((values[i] as number) <= x) count++;
  return count;
}
