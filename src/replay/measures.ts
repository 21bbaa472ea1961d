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

/** Sums over KV heads: [steps, measures]. */
export type StepSums = Float64Array;

/** Where each measure stands among them. */
export const AT = Object.fromEntries(MEASURES.map((measure, i) => [measure, i])) as Readonly<Record<Measure, number>>;

/** The measures of one policy on some KV heads of a layer, as they come. */
export class PolicyMeasures {
  /** By KV head: whether it is measured. */
  readonly measured: readonly boolean[];
  private readonly kvHeads: number;
  private readonly open: Float64Array; // [kvHeads, measures]: of the step under way
  private readonly sums: Float64Array; // [kvHeads, measures]
  private readonly most: Float64Array; // [kvHeads, measures]
  private readonly worst: Float64Array; // [kvHeads]: recall
  private readonly recalls: readonly Float64Array[]; // by step
  private readonly series: Float64Array; // [steps, measures]
  private counted = 0;

  /** `measured`: which of the KV heads. */
  constructor(kvHeads: number, measured: readonly number[], steps: number) {
    this.kvHeads = kvHeads;
    this.measured = Array.from({ length: kvHeads }, (_, kvHead) => measured.includes(kvHead));
    this.open = new Float64Array(kvHeads * MEASURES.length);
    this.sums = new Float64Array(kvHeads * MEASURES.length);
    this.most = new Float64Array(kvHeads * MEASURES.length);
    this.worst = new Float64Array(kvHeads).fill(Infinity);
    this.recalls = Array.from({ length: kvHeads }, () => new Float64Array(steps));
    this.series = new Float64Array(steps * MEASURES.length);
  }

  /** One lane's part in a KV head's step; `measure` by its place. */
  add(kvHead: number, measure: number, value: number): void {
    const at = kvHead * MEASURES.length + measure;
    this.open[at] = (this.open[at] as number) + value;
  }

  /** Closes a measured step. */
  endStep(): void {
    const { open, sums, most, worst, series } = this;
    const first = this.counted * MEASURES.length;
    let at = 0;
    for (let kvHead = 0; kvHead < this.kvHeads; kvHead++) {
      const recall = open[at + AT.recall] as number;
      (this.recalls[kvHead] as Float64Array)[this.counted] = recall;
      if (recall < (worst[kvHead] as number)) worst[kvHead] = recall;
      for (let measure = 0; measure < MEASURES.length; measure++, at++) {
        const value = open[at] as number;
        sums[at] = (sums[at] as number) + value;
        if (value > (most[at] as number)) most[at] = value;
        series[first + measure] = (series[first + measure] as number) + value;
        open[at] = 0;
      }
    }
    this.counted++;
  }

  /** The sums of each KV head. */
  heads(): HeadTotals[] {
    return this.recalls.map((recalls, kvHead) => {
      const first = kvHead * MEASURES.length;
      const most = (measure: Measure): number => this.most[first + AT[measure]] as number;
      return {
        steps: this.counted,
        sums: record((measure) => this.sums[first + AT[measure]] as number),
        worstRecall: this.worst[kvHead] as number,
        largestOutputError: most("outputError"),
        mostHeldTokens: most("heldTokens"),
        mostReadTokens: most("readTokens"),
        recallBins: binsOf(recalls),
      };
    });
  }

  /** Sums over the KV heads, by measured step. */
  steps(): StepSums {
    return this.series;
  }
}

/** Totals of several KV heads, or of several layers. */
export class TotalsSum implements HeadTotals {
  steps = 0;
  readonly sums: Record<Measure, number> = record(() => 0);
  worstRecall = Infinity;
  largestOutputError = 0;
  mostHeldTokens = 0;
  mostReadTokens = 0;
  readonly recallBins = new Uint32Array(BINS + 1);

  add(part: HeadTotals): void {
    this.steps += part.steps;
    for (const measure of MEASURES) this.sums[measure] += part.sums[measure];
    this.worstRecall = Math.min(this.worstRecall, part.worstRecall);
    this.largestOutputError = Math.max(this.largestOutputError, part.largestOutputError);
    this.mostHeldTokens = Math.max(this.mostHeldTokens, part.mostHeldTokens);
    this.mostReadTokens = Math.max(this.mostReadTokens, part.mostReadTokens);
    for (let bin = 0; bin <= BINS; bin++) {
      this.recallBins[bin] = (this.recallBins[bin] as number) + (part.recallBins[bin] as number);
    }
  }
}

/** The recall that a share `rank` of the steps stays below, to 1e-4. */
export function recallQuantile({ recallBins, steps, worstRecall }: HeadTotals, rank: number): number {
  let below = 0;
  for (let bin = 0; bin < recallBins.length; bin++) {
    below += recallBins[bin] as number;
    if (below > rank * (steps - 1)) return Math.max(worstRecall, bin / BINS);
  }
  return 1;
}

export function addTo(sums: Float64Array, part: Float64Array): void {
  for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + (part[i] as number);
}

function binsOf(recalls: Float64Array): Uint32Array {
  const bins = new Uint32Array(BINS + 1);
  for (let i = 0; i < recalls.length; i++) {
    const bin = Math.min(BINS, Math.floor((recalls[i] as number) * BINS));
    bins[bin] = (bins[bin] as number) + 1;
  }
  return bins;
}

function record<T>(valueOf: (measure: Measure) => T): Record<Measure, T> {
  return Object.fromEntries(MEASURES.map((measure) => [measure, valueOf(measure)])) as Record<Measure, T>;
}
