import { randomExponential, randomGamma, randomWeibull } from "d3-random";
import { InputError } from "../core/check.js";
import { perStream } from "./distribution.js";
import type { ArrivalProcess } from "./workload.js";

const HOUR = 3600; // seconds
const ALL_AT_ONCE: ArrivalProcess = { name: "all at once", gap: () => 0 };

/** Poisson arrivals: exponential gaps, CV 1. `rate` in requests per second; Infinity sends everything at time 0. */
export function poisson(rate: number): ArrivalProcess {
  if (allAtOnce(rate)) return ALL_AT_ONCE;
  return { name: `poisson, ${rate}/s`, gap: perStream((rng) => randomExponential.source(rng)(rate)) };
}

/** Gamma gaps with the shape that vLLM calls burstiness: CV = 1 / √shape, so less than 1 is burstier than Poisson. */
export function gamma(rate: number, shape = 1): ArrivalProcess {
  checkShape(shape);
  if (allAtOnce(rate)) return ALL_AT_ONCE;
  return {
    name: shape === 1 ? `poisson, ${rate}/s` : `gamma, ${rate}/s, shape ${shape}`,
    gap: perStream((rng) => randomGamma.source(rng)(shape, 1 / (rate * shape))),
  };
}

/** Weibull gaps; scale = 1 / (rate · Γ(1 + 1 / shape)), so that the mean gap is 1 / rate. */
export function weibull(rate: number, shape = 1): ArrivalProcess {
  checkShape(shape);
  if (allAtOnce(rate)) return ALL_AT_ONCE;
  const scale = 1 / (rate * gammaFunction(1 + 1 / shape));
  return {
    name: `weibull, ${rate}/s, shape ${shape}`,
    gap: perStream((rng) => randomWeibull.source(rng)(shape, 0, scale)),
  };
}

/** Equal gaps. */
export function constant(rate: number): ArrivalProcess {
  if (allAtOnce(rate)) return ALL_AT_ONCE;
  return { name: `constant, ${rate}/s`, gap: () => 1 / rate };
}

function allAtOnce(rate: number): boolean {
  if (!(rate > 0)) throw new InputError("request-rate", `${rate} is not allowed; expected a number above 0, or inf`);
  return rate === Infinity;
}

function checkShape(shape: number): void {
  if (!(shape > 0 && shape < Infinity)) {
    throw new InputError("burstiness", `${shape} is not allowed; expected a number above 0`);
  }
}

/**
 * Clock time (seconds from `startHour` of the first day) at which a process of constant rate has reached the operational
 * time given, when its rate is multiplied by `factors[hour]` relative to their mean, day after day. Time-rescaling keeps
 * the process of the gaps and changes only the rate. Successive calls must not go back.
 */
export function hourlyClock(factors: readonly number[], startHour = 0): (operational: number) => number {
  const sum = factors.reduce((total, factor) => total + factor, 0);
  if (!(sum > 0 && sum < Infinity) || factors.some((factor) => !(factor >= 0))) {
    throw new InputError("rate-curve", "needs factors of 0 or more, not all 0");
  }
  const speed = factors.map((factor) => (factor * factors.length) / sum); // operational seconds a second, mean 1
  let hour = Math.floor(startHour); // since the first midnight
  let before = -(speed[hour % speed.length] as number) * (startHour - hour) * HOUR; // operational time at its start
  return (operational) => {
    for (;;) {
      const pace = speed[hour % speed.length] as number;
      if (pace > 0 && operational - before < pace * HOUR)
        return (hour - startHour) * HOUR + (operational - before) / pace;
      before += pace * HOUR;
      hour++;
    }
  };
}

/** Γ(x) for x > 0 by Lanczos' approximation (g = 7, 9 terms), good to about 15 digits. */
export function gammaFunction(x: number): number {
  const terms = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ];
  const base = x + 6.5;
  const series = terms.reduce((sum, term, i) => (i === 0 ? term : sum + term / (x - 1 + i)), 0);
  return Math.sqrt(2 * Math.PI) * base ** (x - 0.5) * Math.exp(-base) * series;
}
