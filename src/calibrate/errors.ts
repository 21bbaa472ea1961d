/** How far predictions lie from what was measured, percent of it. */
export interface ErrorFigures {
  readonly heldOut: number;
  readonly mapePercent: number; // mean of |predicted / measured - 1|
  readonly biasPercent: number; // mean of predicted / measured - 1
  readonly p90Percent: number; // of |predicted / measured - 1|
}

export function errorFigures(ratios: readonly number[]): ErrorFigures {
  const errors = ratios.map((ratio) => 100 * (ratio - 1));
  const sizes = errors.map(Math.abs).sort((a, b) => a - b);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    heldOut: ratios.length,
    mapePercent: toHundredth(mean(sizes)),
    biasPercent: toHundredth(mean(errors)),
    p90Percent: toHundredth(sizes[Math.ceil(0.9 * sizes.length) - 1] ?? NaN),
  };
}

function toHundredth(percent: number): number {
  return Math.round(100 * percent) / 100;
}
