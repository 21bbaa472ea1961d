/** What a cache policy adds to a decode step, as its definition states it (same fields as its PolicyWork). */
export interface ExtraWork {
  readonly materialisesScores: boolean;
  readonly representativeShare: number;
  readonly selects: boolean;
  readonly compressEverySteps: number;
  readonly comparesKeys: boolean;
}
