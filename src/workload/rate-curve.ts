import { InputError } from "../core/check.js";

/** How the rate of arrivals changes over the day, relative to its mean. */
export interface RateCurve {
  readonly name: string;
  readonly source: string;
  readonly factors: readonly number[]; // 24, one an hour, from 0 h; only their ratios count
}

/** Curves of published recordings; requests of each hour over the mean of the hours. */
export const RATE_CURVES = {
  "servegen-m-large": {
    name: "servegen-m-large",
    source:
      "147 clients of a large chat model over 14 days: github.com/alibaba/ServeGen, commit f891d118 (arXiv 2505.09999), own sum of the rates",
    factors: [
      0.99, 1.0, 0.99, 0.94, 0.91, 0.88, 0.85, 0.82, 0.79, 0.87, 1.05, 1.11, 0.97, 0.98, 1.05, 1.05, 1.11, 1.08, 1.04,
      1.14, 1.13, 1.07, 1.1, 1.09,
    ],
  },
  ragpulse: {
    name: "ragpulse",
    source:
      "7,106 requests of a campus assistant over 7 days: github.com/flashserve/RAGPulse, commit 3672232d (arXiv 2511.12979), own count",
    factors: [
      320, 107, 66, 25, 20, 22, 35, 108, 231, 311, 445, 453, 382, 423, 479, 485, 446, 379, 435, 461, 376, 374, 398, 325,
    ],
  },
} as const satisfies Readonly<Record<string, RateCurve>>;

const HOURS = 24;

/**
 * "ragpulse", a name of RATE_CURVES; or "0:0.5,8:2,20:1", hours at which the factor changes, the last one's holding through
 * midnight to the first; or "workload", the curve `own` of the workload. Throws InputError.
 */
export function parseRateCurve(text: string, own: RateCurve | undefined): RateCurve {
  if (text === "workload") {
    if (own !== undefined) return own;
    throw new InputError("rate-curve", `the workload has no curve over the day; ${allowed()}`);
  }
  if (Object.hasOwn(RATE_CURVES, text)) return RATE_CURVES[text as keyof typeof RATE_CURVES];
  const points = text.split(",").map((part) => {
    const [, hour, factor] = /^\s*(\d{1,2}):(\d*\.?\d+)\s*$/.exec(part) ?? [];
    if (hour === undefined || Number(hour) >= HOURS) {
      throw new InputError("rate-curve", `"${part}" is not allowed; ${allowed()}`);
    }
    return { hour: Number(hour), factor: Number(factor) };
  });
  points.forEach(({ hour }, i) => {
    if (i > 0 && hour <= (points[i - 1]?.hour ?? 0)) {
      throw new InputError("rate-curve", `hour ${hour} of "${text}" does not come after the one before it`);
    }
  });
  if (points.every(({ factor }) => factor === 0)) {
    throw new InputError("rate-curve", `"${text}" has no factor above 0`);
  }
  const factors = Array.from(
    { length: HOURS },
    (_, hour) => (points.findLast((point) => point.hour <= hour) ?? points.at(-1))?.factor as number,
  );
  return { name: text, source: "as given", factors };
}

function allowed(): string {
  return `expected ${Object.keys(RATE_CURVES).join(", ")}, workload, or HOUR:FACTOR with commas between, hours from 0 to 23`;
}
