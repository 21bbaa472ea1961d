import { expect, test } from "vitest";
import fc from "fast-check";
import { RELATIVE_ERROR } from "../core/quantile-sketch.js";
import { arbitraryPatience, linearCost, request, toyScenario, type ToyOptions } from "../test/toy.js";
import type { RequestSpec } from "../workload/workload.js";
import { saturation } from "./saturation.js";
import { latencies } from "./metrics.js";
import { serve, type ServeResult } from "./serve.js";
import { timeSeries } from "./time-series.js";

/** A run whose rows are dropped as it goes must tell what one that keeps them tells. */

const arbitraryRun: fc.Arbitrary<ToyOptions> = fc.record({
  requests: fc
    .array(
      fc.record({
        gap: fc.integer({ min: 0, max: 600 }),
        prompt: fc.integer({ min: 1, max: 140 }),
        output: fc.integer({ min: 1, max: 150 }),
        reasoning: fc.integer({ min: 0, max: 150 }),
      }),
      { minLength: 30, maxLength: 120 },
    )
    .map((all) => {
      let arrival = 0;
      return all.map(({ gap, prompt, output, reasoning }, id) => {
        arrival += gap / 1000;
        return { ...request(id, arrival, prompt, output), reasoningTokens: Math.min(reasoning, output) };
      });
    }),
  cost: fc.constantFrom(linearCost(0.01, 1e-4, 1e-6), linearCost(0.02, 0, 3e-5, 700)),
  layerBlocks: fc.constantFrom(40, 1000), // the small pool preempts
  maxModelTokens: fc.constantFrom(130, 1000), // the small context refuses and cuts
  replicas: fc.integer({ min: 1, max: 3 }),
  router: fc.constantFrom("round-robin", "least-outstanding"),
  maxConcurrency: fc.constantFrom(Infinity, 5),
  frontEndSeconds: fc.constantFrom(0, 0.25),
  warmupSeconds: fc.constantFrom(0, 5),
});

interface Rows {
  readonly result: ServeResult;
  readonly rows: readonly (readonly number[])[];
}

function rowsOf(options: ToyOptions, exactRequests: number, maxRun = Infinity): Rows {
  const rows: number[][] = [];
  const result = serve(toyScenario({ ...options, maxRun }), {
    exactRequests,
    sink: (table, from, to) => {
      for (let id = from; id < to; id++) {
        const slot = table.slot(id);
        const { sent, admitted, firstToken, firstAnswer, end, replica, lost } = table;
        const columns = [sent, admitted, firstToken, firstAnswer, end, replica, lost];
        const { id: given, outputTokens } = table.specs[slot] as RequestSpec;
        expect(given).toBe(id);
        rows.push([id, ...columns.map((column) => column[slot] as number), outputTokens]);
      }
    },
  });
  return { result, rows };
}

const [ID, SENT, ADMITTED, FIRST, , END, , REFUSED, OUTPUT] = Array.from({ length: 9 }, (_, i) => i);
const cell = (row: readonly number[], column: number | undefined): number => row[column as number] as number;

test("rows, sums and peaks are the same whether rows are kept or not, however long the strides", () => {
  let dropped = 0;
  let cancelled = 0;
  fc.assert(
    fc.property(arbitraryRun, arbitraryPatience, (run, patience) => {
      const options = { ...run, ...(patience === undefined ? {} : { patience }) };
      const kept = rowsOf(options, 1000);
      const streamed = rowsOf(options, 10);
      const slow = rowsOf(options, 10, 1);
      expect(kept.rows.map((row) => cell(row, ID))).toEqual(options.requests.map(({ id }) => id));
      for (const other of [streamed, slow]) {
        expect(other.rows).toEqual(kept.rows);
        expect(other.result.totals).toEqual(kept.result.totals);
        expect(sums(other.result)).toEqual(sums(kept.result));
      }
      expect(quantiles(slow.result)).toEqual(quantiles(streamed.result));
      const exact = quantiles(kept.result);
      quantiles(streamed.result).forEach((value, i) => {
        const right = exact[i] as number;
        if (Number.isNaN(right)) expect(value).toBeNaN();
        else expect(Math.abs(value - right)).toBeLessThanOrEqual(RELATIVE_ERROR * 1.000001 * right);
      });
      expect(streamed.result.requests.first).toBe(options.requests.length);
      dropped += streamed.result.requests.first;
      cancelled += streamed.result.cancelled;
    }),
    { numRuns: 90, seed: 31 },
  );
  expect(cancelled).toBeGreaterThan(500);
  expect(dropped).toBeGreaterThan(1000);
});

function sums({ books, mostInFlight, failed, cancelled, truncated, end }: ServeResult): object {
  const { completed, input, output, reasoning, running, waiting, start, lastSent, warmedUp } = books.tally;
  const counts = Object.values(latencies({ books } as ServeResult)).map(({ count }) => count);
  const most = books.seconds.most;
  const times = { running, waiting, start, lastSent, end };
  return {
    completed,
    input,
    output,
    reasoning,
    warmedUp,
    counts,
    most,
    mostInFlight,
    failed,
    cancelled,
    truncated,
    times,
  };
}

function quantiles(result: ServeResult): readonly number[] {
  return Object.values(latencies(result)).flatMap((sample) => [...sample.quantiles([0, 0.5, 0.9, 0.99, 1])]);
}

test("sums over requests equal those by the definition, the warm-up left out", () => {
  fc.assert(
    fc.property(arbitraryRun, (options) => {
      const { result, rows } = rowsOf(options, 1000);
      const warmup = options.warmupSeconds ?? 0;
      const served = rows.filter((row) => cell(row, REFUSED) === 0);
      const measured = served.filter((row) => cell(row, SENT) >= warmup);
      const { tally, itl } = result.books;
      expect(tally.completed).toBe(measured.length);
      expect(tally.warmedUp).toBe(served.length - measured.length);
      expect(tally.output).toBe(measured.reduce((sum, row) => sum + cell(row, OUTPUT), 0));
      const firsts = measured.map((row) => cell(row, FIRST) - cell(row, SENT)).sort((a, b) => a - b);
      expect(tally.ttft.quantile(1)).toEqual(firsts.at(-1) ?? NaN);
      let inFlight = 0;
      for (const at of served) {
        const now = cell(at, SENT);
        const open = served.filter((row) => cell(row, SENT) <= now && cell(row, END) > now);
        inFlight = Math.max(inFlight, open.length);
      }
      expect(result.mostInFlight).toBe(inFlight);
      if (warmup === 0) {
        expect(itl.count).toBe(served.reduce((sum, row) => sum + cell(row, OUTPUT) - 1, 0));
        const busy = served.reduce((sum, row) => sum + cell(row, END) - cell(row, ADMITTED), 0);
        expect(tally.running).toBeCloseTo(busy, 6);
      } else {
        expect(itl.count).toBeLessThanOrEqual(served.reduce((sum, row) => sum + cell(row, OUTPUT) - 1, 0));
      }
    }),
    { numRuns: 60, seed: 32 },
  );
});

test("windows that grow hold what came: requests, tokens, and seconds of running", () => {
  fc.assert(
    fc.property(arbitraryRun, (options) => {
      const scenario = toyScenario(options);
      const result = serve(scenario, { exactRequests: 10 });
      const series = timeSeries(scenario, result);
      const width = series.length > 1 ? (series[1]?.time_s ?? 0) : result.end;
      expect(series.length).toBeLessThanOrEqual(512);
      const total = (pick: (point: (typeof series)[number]) => number): number =>
        series.reduce((sum, point) => sum + pick(point) * width, 0);
      const emitted = result.totals.reduce((sum, { emitted: tokens }) => sum + tokens, 0);
      const ended = options.requests.length - result.failed;
      if (series.length < 2) return;
      expect(total((point) => point.output_tokens_per_s) / emitted).toBeCloseTo(1, 9);
      expect(total((point) => point.requests_sent_per_s)).toBeCloseTo(ended, 6);
      expect(total((point) => point.requests_ended_per_s)).toBeCloseTo(ended, 6);
    }),
    { numRuns: 40, seed: 33 },
  );
});

test.each([0.5, 2])("whether a load of %s times the capacity is sustainable is told without rows, too", (rate) => {
  const requests = Array.from({ length: 4000 }, (_, id) => request(id, id / rate, 10, 1));
  const scenario = toyScenario({ requests, cost: linearCost(1, 0, 0), maxSequences: 1 });
  const exact = saturation(scenario, serve(scenario));
  const told = saturation(scenario, serve(scenario, { exactRequests: 100 }));
  expect(exact.saturated).toBe(rate > 1);
  expect(told.saturated).toBe(exact.saturated);
  if (rate < 1) return;
  const numbers = ({ message }: { message: string }): number[] => (message.match(/\d+(?:\.\d+)?/g) ?? []).map(Number);
  numbers(exact).forEach((value, i) => expect(numbers(told)[i]).toBeCloseTo(value, value < 10 ? 1 : -2));
});
