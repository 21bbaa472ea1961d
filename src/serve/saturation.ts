import type { ServeResult } from "./serve.js";

/**
 * A load above capacity has no steady state: the queue grows as long as requests arrive. Told from the number of
 * requests that have been sent and not yet admitted, at the middle and at the end of the arrivals.
 */
export function saturation(result: ServeResult): { saturated: boolean; message: string } {
  const { requests } = result;
  const sent: number[] = [];
  const admitted: number[] = [];
  for (let id = 0; id < requests.length; id++) {
    if (Number.isNaN(requests.end[id])) continue;
    sent.push(requests.sent[id] as number);
    admitted.push(requests.admitted[id] as number);
  }
  const served = sent.length;
  if (served < 20) return { saturated: false, message: "too few requests to tell whether the load is sustainable" };
  sent.sort((a, b) => a - b);
  admitted.sort((a, b) => a - b);
  const first = sent[0] as number;
  const last = sent[served - 1] as number;
  const queued = (time: number): number => countUpTo(sent, time) - countUpTo(admitted, time);
  const middle = queued((first + last) / 2);
  const end = queued(last);
  const secondHalf = served - countUpTo(sent, (first + last) / 2);
  const growth = end - middle;
  if (last === first || growth <= Math.max(10, 0.05 * secondHalf)) {
    return {
      saturated: false,
      message: "the queue does not grow",
    };
  }
  const rate = served / (last - first);
  return {
    saturated: true,
    message:
      `SATURATED: ${rate.toPrecision(3)} requests/s arrive, about ${sustained(result, (first + last) / 2, admitted[served - 1] as number).toPrecision(3)} can be served; ` +
      `the queue grew from ${middle} to ${end} over the second half of the arrivals. There is no steady state: ` +
      `latencies depend on how long the run is, only throughput means something.`,
  };
}

/**
 * Requests a second that the engines can serve: output tokens a second while the queue is not empty, from the middle of
 * the arrivals to the last admission, by the mean output of a request. Counting requests that end would depend on which
 * lengths happened to be running.
 */
function sustained({ requests, logs }: ServeResult, from: number, to: number): number {
  let tokens = 0;
  for (const log of logs) {
    for (let row = 0; row < log.length; row++) {
      const start = log.get(row, "start");
      const end = log.end(row);
      const overlap = Math.min(end, to) - Math.max(start, from);
      if (overlap > 0) tokens += (log.get(row, "emitted") * log.get(row, "steps") * overlap) / (end - start);
    }
  }
  let outputs = 0;
  let served = 0;
  for (let id = 0; id < requests.length; id++) {
    if (Number.isNaN(requests.end[id])) continue;
    served++;
    outputs += requests.specs[id]?.outputTokens ?? 0;
  }
  return tokens / (to - from) / (outputs / served);
}

/** How many of the ascending values are at most x. */
function countUpTo(values: readonly number[], x: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] as number) <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}
