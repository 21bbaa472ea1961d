import { CountHistogram } from "../core/count-histogram.js";
import type { AttentionTrace } from "../trace/attention-trace.js";
import type { AttentionRows } from "./attention-rows.js";
import { HeadReader } from "./head-reads.js";
import { READ_SHARE, RECENT_TOKENS, SINK_TOKENS, type HeadKind, type HeadReads } from "./head-kind.js";
import { MassEntries } from "./mass-entries.js";
import { openRows } from "./open-rows.js";
import { Recurrence, RECURRENCE_SHARE } from "./recurrence.js";
import type { RowKernel } from "./row-kernel.js";

/** Statistics of the number of largest entries within a share of a row's mass, over rows. */
export interface EntryCounts {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

export interface HeadShape extends HeadReads {
  readonly layer: number;
  /** Query head; KV head of a scores trace, whose query heads are merged. */
  readonly head: number;
  readonly entries99: EntryCounts;
  readonly entries90: EntryCounts;
}

/** How soon the tokens of a layer are looked at again, by any of its heads. */
export interface RecurrenceShape {
  /** Share of tokens that are, at all. */
  readonly recurring: number;
  /** The longest gap of each token, in rows. */
  readonly longestGap: { readonly p50: number; readonly p80: number; readonly p95: number };
}

/** The shape of recorded attention: its decode rows, by head and over all heads. */
export interface TraceShape {
  readonly heads: readonly HeadShape[];
  readonly recurrence: readonly ({ readonly layer: number } & RecurrenceShape)[];
  /** Of the tokens of all layers together. */
  readonly allRecurrence: RecurrenceShape;
  readonly entries99: EntryCounts;
  readonly entries90: EntryCounts;
  readonly sinks: number;
  readonly recent: number;
  readonly kinds: Readonly<Record<HeadKind, number>>; // shares of heads
}

/** Measures all decode rows of a trace, which has some, a layer at a time; yields after each position of each layer. */
export function* traceShape(trace: AttentionTrace, kernel: () => RowKernel): Generator<void, TraceShape> {
  const { layers, promptTokens, totalTokens, kvHeads } = trace.metadata;
  const heads: HeadShape[] = [];
  const recurrence: ({ layer: number } & RecurrenceShape)[] = [];
  const all99 = new CountHistogram(totalTokens);
  const all90 = new CountHistogram(totalTokens);
  const allGaps = new CountHistogram(totalTokens);
  for (const layer of layers) {
    const wanted = { layer, kvFrom: 0, kvTo: kvHeads, lookback: 1, values: false, promptMass: false };
    const rows = openRows(trace, { ...wanted, first: promptTokens }, kernel());
    const meters = Array.from({ length: kvHeads * rows.rowsPerKvHead }, (_, row) => new RowMeter(rows, row));
    const recurring = new Recurrence(promptTokens, totalTokens);
    for (let position = promptTokens; position < totalTokens; position++) {
      rows.moveTo(position);
      for (const meter of meters) meter.addRow(recurring);
      yield;
    }
    meters.forEach((meter, head) => {
      heads.push({ layer, head, ...meter.shape() });
      all99.addAll(meter.entries99);
      all90.addAll(meter.entries90);
    });
    const gaps = recurring.longestGaps();
    recurrence.push({ layer, ...recurrenceOf(gaps) });
    allGaps.addAll(gaps);
  }
  const mean = (pick: (head: HeadShape) => number): number =>
    heads.reduce((sum, head) => sum + pick(head), 0) / heads.length;
  return {
    heads,
    recurrence,
    allRecurrence: recurrenceOf(allGaps),
    entries99: entryCounts(all99),
    entries90: entryCounts(all90),
    sinks: mean(({ shares }) => shares.sinks),
    recent: mean(({ shares }) => shares.recent),
    kinds: {
      milestone: mean(({ kind }) => Number(kind === "milestone")),
      phoenix: mean(({ kind }) => Number(kind === "phoenix")),
      lazy: mean(({ kind }) => Number(kind === "lazy")),
    },
  };
}

/** Measures the rows of one head. */
class RowMeter {
  readonly entries99: CountHistogram;
  readonly entries90: CountHistogram;
  private readonly rows: AttentionRows;
  private readonly prefix: Float64Array;
  private readonly weights: Float32Array;
  private readonly entries: MassEntries;
  private readonly reader: HeadReader;
  private readonly found: Uint32Array;

  constructor(rows: AttentionRows, row: number) {
    const { stride, totalTokens, promptTokens } = rows;
    this.rows = rows;
    this.weights = rows.weights.subarray(row * stride, (row + 1) * stride);
    this.prefix = rows.prefix.subarray(row * (stride + 1), (row + 1) * (stride + 1));
    this.entries = new MassEntries(this.weights);
    this.reader = new HeadReader(promptTokens, totalTokens);
    this.found = rows.kernel.indices(totalTokens);
    this.entries99 = new CountHistogram(totalTokens);
    this.entries90 = new CountHistogram(totalTokens);
  }

  addRow(recurring: Recurrence): void {
    const { rows, weights, prefix, found } = this;
    const { position, windowStart, kernel } = rows;
    const end = position + 1;
    const total = prefix[end] as number;
    this.entries.load(windowStart, end, total);
    this.entries99.add(this.entries.within(0.99));
    this.entries90.add(this.entries.within(0.9));
    recurring.addRow(position, found, kernel.atLeast(weights, end, RECURRENCE_SHARE * total, found));
    const sinks = (prefix[Math.min(SINK_TOKENS, end)] as number) / total;
    const recent = (total - (prefix[Math.min(end, Math.max(SINK_TOKENS, end - RECENT_TOKENS))] as number)) / total;
    const count = kernel.atLeast(weights, end, READ_SHARE * total, found);
    this.reader.addRow(position, sinks, recent, found, count, (j) => (weights[j] as number) / total);
  }

  shape(): Omit<HeadShape, "layer" | "head"> {
    return {
      ...this.reader.reads(),
      entries99: entryCounts(this.entries99),
      entries90: entryCounts(this.entries90),
    };
  }
}

function entryCounts(counts: CountHistogram): EntryCounts {
  return {
    mean: counts.mean(),
    p50: counts.quantile(0.5),
    p90: counts.quantile(0.9),
    p99: counts.quantile(0.99),
  };
}

function recurrenceOf(gaps: CountHistogram): RecurrenceShape {
  return {
    recurring: 1 - gaps.times(0) / gaps.count,
    longestGap: { p50: gaps.quantile(0.5), p80: gaps.quantile(0.8), p95: gaps.quantile(0.95) },
  };
}
