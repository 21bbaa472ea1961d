import * as z from "zod";
import { check, InputError } from "../core/check.js";
import type { Rng } from "../core/rng.js";
import { jsonProblem } from "./json-problem.js";

/**
 * Client models as ServeGen publishes them (github.com/alibaba/ServeGen, commit f891d118, data/; Xiang et al., arXiv
 * 2505.09999): per client a file of rates and burstiness and one of length histograms.
 */
export interface ServegenClient {
  readonly name: string;
  readonly windows: readonly RateWindow[]; // in order of time, without gaps
  readonly lengths: readonly LengthWindow[]; // in order of time, at least one
}

export interface RateWindow {
  readonly start: number; // seconds
  readonly end: number;
  readonly rate: number; // requests per second; 0: idle
  readonly family: "gamma" | "weibull";
  readonly shape: number; // of the gaps
}

export interface LengthWindow {
  readonly start: number; // seconds; holds to the next one's
  readonly prompt: Histogram;
  readonly output: Histogram;
  readonly share: Histogram | undefined; // of the output that is reasoning
}

/** Values with their probabilities; drawn by inverting the distribution function. */
export class Histogram {
  readonly values: Float64Array;
  readonly #cumulative: Float64Array; // up to the value, not normalised

  constructor(values: Float64Array, weights: Float64Array) {
    this.values = values;
    let sum = 0;
    this.#cumulative = weights.map((weight) => (sum += weight));
  }

  draw(rng: Rng): number {
    const cumulative = this.#cumulative;
    const target = rng() * (cumulative[cumulative.length - 1] as number);
    let low = 0;
    let high = cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulative[middle] as number) > target) high = middle;
      else low = middle + 1;
    }
    return this.values[low] as number;
  }

  get mean(): number {
    let sum = 0;
    this.forEach((value, share) => (sum += share * value));
    return sum;
  }

  /** Each value with its probability. */
  forEach(action: (value: number, share: number) => void): void {
    const total = this.#cumulative.at(-1) as number;
    this.#cumulative.forEach((upTo, i) =>
      action(this.values[i] as number, (upTo - (this.#cumulative[i - 1] ?? 0)) / total),
    );
  }
}

/** The lengths that hold at a time: a client may lack a window, then the one before holds on, or the first comes early. */
export function lengthsAt({ lengths }: ServegenClient, time: number): LengthWindow {
  const window = lengths.findLast(({ start }) => start <= time) ?? lengths[0];
  check(window !== undefined, "a client without lengths");
  return window;
}

const MAX_TOKENS = 10_000_000;
const MAX_RATE = 1e6;
const WINDOW_SECONDS = 600; // where there is only one

/** `chunk-N-trace.csv`: no header; window start, rate, CV, Gamma or Weibull or nothing, shape, scale. */
export function parseServegenTrace(text: string, path: string): readonly RateWindow[] {
  const rows = text
    .replace(/^\ufeff/, "")
    .split(/\r?\n/)
    .map((line, i) => ({ line, at: `${path}:${i + 1}` }))
    .filter(({ line }) => line.trim() !== "")
    .map(({ line, at }) => traceRow(line, at));
  if (rows.length === 0) throw new InputError(path, "is empty");
  rows.forEach(({ start, at }, i) => {
    const before = rows[i - 1];
    if (before !== undefined && !(start > before.start)) {
      throw new InputError(at, `window start ${start} is not after the one before it, ${before.start}`);
    }
  });
  const last = rows.length - 1;
  const width = last === 0 ? WINDOW_SECONDS : (rows[last]?.start as number) - (rows[last - 1]?.start as number);
  return rows.map(({ start, rate, family, shape }, i) => ({
    start,
    end: rows[i + 1]?.start ?? start + width,
    rate,
    family,
    shape,
  }));
}

function traceRow(line: string, at: string): Omit<RateWindow, "end"> & { readonly at: string } {
  const fields = line.split(",").map((field) => field.trim());
  const excerpt = JSON.stringify(line.slice(0, 80));
  if (fields.length !== 6) throw new InputError(at, `expected 6 columns, found ${fields.length}: ${excerpt}`);
  const [start, rate, , family, shape] = fields as [string, string, string, string, string];
  const number = (name: string, value: string, most: number): number => {
    const read = value === "" ? NaN : Number(value);
    if (read >= 0 && read <= most) return read;
    throw new InputError(at, `${name} "${value.slice(0, 40)}" is not a number from 0 to ${most}: ${excerpt}`);
  };
  const seconds = number("window start", start, 1e9);
  const perSecond = number("rate", rate, MAX_RATE);
  if (perSecond === 0) return { start: seconds, rate: 0, family: "gamma", shape: 1, at };
  if (family !== "Gamma" && family !== "Weibull") {
    throw new InputError(at, `"${family.slice(0, 40)}" is not Gamma or Weibull: ${excerpt}`);
  }
  const found = number("shape", shape, 1e6);
  if (found === 0) throw new InputError(at, `shape "${shape}" is not above 0: ${excerpt}`);
  return { start: seconds, rate: perSecond, family: family === "Gamma" ? "gamma" : "weibull", shape: found, at };
}

const DATASET = z.record(
  z.string().regex(/^\d+(\.\d+)?$/, { error: "expected a window's start in seconds" }),
  z.looseObject({
    input_tokens: z.string().optional(),
    output_tokens: z.string().optional(),
    reason_ratio: z.string().optional(),
  }),
);

/** `chunk-N-dataset.json`: window start → field → a histogram, written like a Python dictionary. */
export function parseServegenDataset(json: unknown, path: string): readonly LengthWindow[] {
  const parsed = DATASET.safeParse(json);
  if (!parsed.success) throw jsonProblem(parsed.error, json, path);
  const windows = Object.entries(parsed.data).flatMap(([start, fields]): LengthWindow[] => {
    const read = (field: "input_tokens" | "output_tokens" | "reason_ratio", most: number): Histogram | undefined => {
      const text = fields[field];
      return text === undefined ? undefined : parseHistogram(text, most, `${path} ${start}.${field}`);
    };
    const prompt = read("input_tokens", MAX_TOKENS);
    const output = read("output_tokens", MAX_TOKENS);
    if (prompt === undefined || output === undefined) return []; // nothing was seen in this window
    return [{ start: Number(start), prompt, output, share: read("reason_ratio", 1) }];
  });
  if (windows.length === 0) throw new InputError(path, "has no window with input_tokens and output_tokens");
  return windows.sort((a, b) => a.start - b.start);
}

/** "{39: 0.25, 40: 0.75}"; undefined if it has no weight at all. */
function parseHistogram(text: string, most: number, at: string): Histogram | undefined {
  const match = /^\s*\{(.*)\}\s*$/s.exec(text);
  if (match === null) throw new InputError(at, `is not a histogram like {39: 0.25, 40: 0.75}: ${text.slice(0, 40)}`);
  const values: number[] = [];
  const weights: number[] = [];
  for (const item of (match[1] as string).split(",")) {
    if (item.trim() === "") continue;
    const [left = "", right = "", ...rest] = item.split(":").map((part) => part.trim());
    const value = left === "" ? NaN : Number(left);
    const weight = right === "" ? NaN : Number(right);
    if (rest.length > 0 || !(value >= 0 && value <= most) || !(weight >= 0 && weight < Infinity)) {
      throw new InputError(at, `"${item.trim().slice(0, 40)}" is not a value from 0 to ${most} with its probability`);
    }
    if (weight === 0) continue;
    values.push(value);
    weights.push(weight);
  }
  return values.length === 0 ? undefined : new Histogram(Float64Array.from(values), Float64Array.from(weights));
}
