import {
  headKind,
  PATIENCE_ROWS,
  PHOENIX_BUDGETS,
  RECENT_TOKENS,
  SINK_TOKENS,
  type HeadReads,
  type HeadShares,
} from "./head-kind.js";

/** Collects what one head reads, row after row; a few numbers a token, whatever the number of rows. */
export class HeadReader {
  private readonly promptTokens: number;
  private readonly lastRead: Int32Array; // by position: the row of its last read, or the one before it could be read
  private readonly longestPause: Int32Array; // by position: rows without a read before a read
  private readonly firstLife: Float64Array; // by position: mass of far reads before a long pause
  private rows = 0;
  private sinks = 0;
  private recent = 0;
  private phoenix = 0;
  private lastRow = 0;

  constructor(promptTokens: number, totalTokens: number) {
    this.promptTokens = promptTokens;
    this.lastRead = Int32Array.from({ length: totalTokens }, (_, j) => Math.max(j, promptTokens) - 1);
    this.longestPause = new Int32Array(totalTokens);
    this.firstLife = new Float64Array(totalTokens);
  }

  /**
   * The row of the query at `position`: its mass on the sinks, on the recent window beside them, and the `count`
   * positions read, ascending, with their share of the row.
   */
  addRow(
    position: number,
    sinks: number,
    recent: number,
    read: Uint32Array,
    count: number,
    shareOf: (j: number) => number,
  ): void {
    this.rows++;
    this.lastRow = position;
    this.sinks += sinks;
    this.recent += recent;
    for (let i = 0; i < count; i++) {
      const j = read[i] as number;
      const pause = position - (this.lastRead[j] as number) - 1;
      if (pause > (this.longestPause[j] as number)) this.longestPause[j] = pause;
      this.lastRead[j] = position;
      if (j < SINK_TOKENS || position - j < RECENT_TOKENS) continue;
      if ((this.longestPause[j] as number) > PATIENCE_ROWS) this.phoenix += shareOf(j);
      else this.firstLife[j] = (this.firstLife[j] as number) + shareOf(j);
    }
  }

  reads(): HeadReads {
    let [steady, milestone, faded] = [0, 0, 0];
    this.firstLife.forEach((mass, j) => {
      if (j < this.promptTokens) steady += mass;
      else {
        milestone += mass;
        if (this.lastRow - (this.lastRead[j] as number) > PATIENCE_ROWS) faded += mass;
      }
    });
    const mean = (sum: number): number => (this.rows === 0 ? 0 : sum / this.rows);
    const found = {
      sinks: mean(this.sinks),
      recent: mean(this.recent),
      milestone: mean(milestone),
      phoenix: mean(this.phoenix),
      steady: mean(steady),
    };
    const named = Object.values(found).reduce((sum, share) => sum + share, 0);
    const shares: HeadShares = { ...found, faint: Math.max(0, 1 - named) };
    return {
      kind: headKind(shares),
      shares,
      fadedShare: milestone === 0 ? 0 : faded / milestone,
      phoenixTokens: PHOENIX_BUDGETS.map((budget) => {
        const woken = [...this.longestPause.keys()].filter((j) => (this.longestPause[j] as number) > budget);
        return { budget, all: woken.length, prompt: woken.filter((j) => j < this.promptTokens).length };
      }),
    };
  }
}
