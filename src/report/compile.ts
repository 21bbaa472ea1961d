import type { LoggerInterface, Spec } from "vega";
import type { TopLevelSpec } from "vega-lite";
import { check } from "../core/check.js";
import type { Chart } from "./report.js";

/** Vega-Lite to Vega. A warning of the compiler is a mistake in a chart of ours, so it throws. */
export async function compileChart(chart: Chart, title?: string): Promise<Spec> {
  const { compile } = await import("vega-lite"); // 0.15 s, so only when a chart is drawn
  const spec = structuredClone(chart.spec) as TopLevelSpec;
  if (title !== undefined) Object.assign(spec, { title: { text: title, fontSize: 16, offset: 14 } });
  return compile(spec, { logger: strictLogger(chart.name) }).spec;
}

/** Puts the rows where the spec names them. Copies: vega marks each row it takes in. */
export function withRows(spec: Spec, rows: readonly object[]): Spec {
  const data = spec.data?.map((source) =>
    source.name === "rows" ? { name: "rows", values: rows.map((row) => ({ ...row })) } : source,
  );
  check(data !== undefined && data.some((source) => source.name === "rows"), "a chart draws no rows");
  return { ...spec, data };
}

function strictLogger(name: string): LoggerInterface {
  const refuse = (...messages: readonly unknown[]): never => {
    throw new Error(`chart ${name}: ${messages.map(String).join(" ")}`);
  };
  let level = 0;
  function levels(value: number): LoggerInterface;
  function levels(): number;
  function levels(value?: number): number | LoggerInterface {
    if (value === undefined) return level;
    level = value;
    return logger;
  }
  const logger: LoggerInterface = {
    level: levels,
    error: refuse,
    warn: refuse,
    info: () => logger,
    debug: () => logger,
  };
  return logger;
}
