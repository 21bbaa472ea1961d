/** What is measured in each step of each KV head. Counts of positions, shares and counts of misses. */
export const MEASURES = [
  "recall",
  "topKRecall",
  "outputError",
  "heldTokens",
  "readTokens",
  "milestoneMisses",
  "phoenixMisses",
] as const;
export type Measure = (typeof MEASURES)[number];

const BINS = 10_000; // of recall, for percentiles: to 1e-4

/** Sums over the steps of one KV head, or over the steps of several. */
export interface HeadTotals {
  readonly steps: number;
  readonly sums: Readonly<Record<Measure, number>>;
  readonly worstRecall: number;
  readonly largestOutputError: number;
  readonly mostHeldTokens: number;
  readonly mostReadTokens: number;
  /** Steps by recall, in bins of 1e-4. */
  readonly recallBins: Uint32Array;
}

/** Sums over KV heads, step by step. */
export type StepSums = Readonly<Record<Measure, Float64Array>>;

/** The measures of one policy on some KV heads of a layer, as they come. */
export class PolicyMeasures {
  readonly heads: HeadTotals[];
  readonly steps: StepSums;
  private readonly open: Record<Measure, number>[]; // of the step under way, by KV head

  constructor(kvHeads: number, steps: number) {
    this.heads = Array.from({ length: kvHeads }, emptyTotals);
    this.open = Array.from({ length: kvHeads }, zeros);
    this.steps = series(steps);
  }

  /** One lane's part in a KV head's step: `share` is 1 / lanes of that KV head. */
  add(kvHead: number, measure: Measure, value: number, share: number): void {
    const open = this.open[kvHead] as Record<Measure, number>;
    open[measure] += value * share;
  }

  /** Closes the step; `index` counts the measured ones. */
  endStep(index: number): void {
    for (const [kvHead, open] of this.open.entries()) {
      const head = this.heads[kvHead] as HeadTotals;
      const bin = Math.min(BINS, Math.floor(open.recall * BINS));
      head.recallBins[bin] = (head.recallBins[bin] as number) + 1;
      for (const measure of MEASURES) {
        (head.sums as Record<Measure, number>)[measure] += open[measure];
        this.steps[measure][index] = (this.steps[measure][index] as number) + open[measure];
      }
      this.heads[kvHead] = {
        ...head,
        steps: head.steps + 1,
        worstRecall: Math.min(head.worstRecall, open.recall),
        largestOutputError: Math.max(head.largestOutputError, open.outputError),
        mostHeldTokens: Math.max(head.mostHeldTokens, open.heldTokens),
        mostReadTokens: Math.max(head.mostReadTokens, open.readTokens),
      };
      for (const measure of MEASURES) open[measure] = 0;
    }
  }
}

export function mergeTotals(parts: readonly HeadTotals[]): HeadTotals {
  const bins = new Uint32Array(BINS + 1);
  const sums = zeros();
  for (const part of parts) {
    part.recallBins.forEach((count, bin) => (bins[bin] = (bins[bin] as number) + count));
    for (const measure of MEASURES) sums[measure] += part.sums[measure];
  }
  return {
    steps: parts.reduce((sum, part) => sum + part.steps, 0),
    sums,
    worstRecall: Math.min(...parts.map((part) => part.worstRecall)),
    largestOutputError: Math.max(...parts.map((part) => part.largestOutputError)),
    mostHeldTokens: Math.max(...parts.map((part) => part.mostHeldTokens)),
    mostReadTokens: Math.max(...parts.map((part) => part.mostReadTokens)),
    recallBins: bins,
  };
}

/** The recall that a share `rank` of the steps stays below, to 1e-4. */
export function recallQuantile({ recallBins, steps, worstRecall }: HeadTotals, rank: number): number {
  let below = 0;
  for (const [bin, count] of recallBins.entries()) {
    below += count;
    if (below > rank * (steps - 1)) return Math.max(worstRecall, bin / BINS);
  }
  return 1;
}

export function series(steps: number): StepSums {
  return Object.fromEntries(MEASURES.map((measure) => [measure, new Float64Array(steps)])) as StepSums;
}

function zeros(): Record<Measure, number> {
  return Object.fromEntries(MEASURES.map((measure) => [measure, 0])) as Record<Measure, number>;
}

function emptyTotals(): HeadTotals {
  return {
    steps: 0,
    sums: zeros(),
    worstRecall: Infinity,
    largestOutputError: 0,
    mostHeldTokens: 0,
    mostReadTokens: 0,
    recallBins: new Uint32Array(BINS + 1),
  };
}
