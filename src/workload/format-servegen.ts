import { isRow, type Row } from "./json-values.js";

const NUMBER = /^-?\d*\.?\d+(e[+-]?\d+)?$/i;

/** What a file of a ServeGen client is told apart by, and why it is refused where a log is expected. */
export const SERVEGEN_PROBLEM =
  "holds client models of ServeGen (a rate and a burstiness every 10 min, histograms of lengths), not requests; " +
  "name the folder in which NAME-trace.csv and NAME-dataset.json lie side by side: workload info describes it, serve and " +
  "compare draw requests from it";

/** A line of `chunk-N-trace.csv`: window start, rate, CV, Gamma or Weibull or nothing, shape, scale; no header. */
export function isServegenTrace(fields: readonly string[]): boolean {
  return (
    fields.length === 6 && fields.every((field, i) => (i === 3 ? /^(Gamma|Weibull)?$/.test(field) : NUMBER.test(field)))
  );
}

/** `chunk-N-dataset.json`: window start → field → a histogram as text. */
export function isServegenDataset(row: Row): boolean {
  const [first] = Object.entries(row);
  return (
    first !== undefined && NUMBER.test(first[0]) && isRow(first[1]) && typeof first[1]["input_tokens"] === "string"
  );
}
