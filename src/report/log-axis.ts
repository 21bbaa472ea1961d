/** A logarithmic axis whose labels are few and round, for values above 0. */
export function logAxis(values: readonly number[]): { domain: readonly number[]; ticks: readonly number[] } {
  const low = values.reduce((least, value) => Math.min(least, value), Infinity);
  const high = values.reduce((most, value) => Math.max(most, value), 0);
  // A range needs some width, even where all values are one.
  const domain = high / low < 1.1 ? [low / 1.1, high * 1.1] : [low / 1.02, high * 1.02];
  const ticks = roundTicks(low, high);
  if (ticks.length >= 2) return { domain, ticks };
  const between = [low, Math.sqrt(low * high), high].map((value) => Number(value.toPrecision(3)));
  return { domain, ticks: high / low < 1.1 ? between.slice(0, 1) : [...new Set(between)] };
}

/** 1, 2 and 5 of each power of ten that the values reach; over many powers only 1, so that labels fit. */
function roundTicks(low: number, high: number): readonly number[] {
  const first = Math.floor(Math.log10(low));
  const last = Math.floor(Math.log10(high));
  const steps = last - first > 3 ? [1] : [1, 2, 5];
  const powers = Array.from({ length: last - first + 1 }, (_, i) =>
    steps.map((step) => Number(`${step}e${first + i}`)),
  );
  return powers.flat().filter((tick) => tick >= low && tick <= high);
}
