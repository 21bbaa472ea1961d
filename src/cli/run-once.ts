import { setImmediate } from "node:timers/promises";
import { BatchedLatencies } from "../serve/batched-latencies.js";
import type { RequestSink } from "../serve/books.js";
import type { Scenario } from "../serve/scenario.js";
import { serveInTurns, type ServeResult } from "../serve/serve.js";
import { WarmupRule, type WarmupCut } from "../serve/warmup-rule.js";
import { progressLine } from "./progress.js";

/** One run, and its latencies in batches if they were asked for. */
export interface Run {
  readonly scenario: Scenario;
  readonly result: ServeResult;
  readonly batches: BatchedLatencies | undefined;
}

export interface RunOptions {
  readonly label?: string | undefined; // of the progress on stderr; none without
  readonly sink?: RequestSink | undefined;
  readonly batched: boolean;
}

/**
 * Runs a scenario once. If a rule ends the warm-up, it looks at a whole run first; where it cuts something off, the same
 * run is made again without that part in its figures, which costs time but no memory.
 */
export async function runOnce(scenario: Scenario, { label, sink, batched }: RunOptions): Promise<Run> {
  const rule = scenario.options.warmup === "mser-5" ? new WarmupRule() : undefined;
  const batches = batched ? new BatchedLatencies(scenario.warmupSeconds) : undefined;
  const result = await runTo(scenario, label, [sink, rule?.sink, batches?.sink]);
  if (rule === undefined) return { scenario, result, batches };
  const cut = rule.cut();
  const settled = { ...scenario, warmupSeconds: cut.seconds, notes: [...scenario.notes, ...cutNotes(cut)] };
  if (cut.seconds === 0) return { scenario: settled, result, batches };
  const rest = batched ? new BatchedLatencies(cut.seconds) : undefined;
  return {
    scenario: settled,
    result: await runTo(settled, label && `${label}, after the warm-up`, [rest?.sink]),
    batches: rest,
  };
}

async function runTo(
  scenario: Scenario,
  label: string | undefined,
  sinks: readonly (RequestSink | undefined)[],
): Promise<ServeResult> {
  const line = label === undefined ? undefined : progressLine(label);
  const result = await serveInTurns(scenario, () => setImmediate(), {
    sink: (...rows) => sinks.forEach((sink) => sink?.(...rows)),
    progress: ({ finished, sent, now }) =>
      line?.update(
        () =>
          `${finished.toLocaleString("en-US")} of ${sent.toLocaleString("en-US")} requests sent have ended, ${now.toFixed(0)} s simulated`,
      ),
  });
  line?.end();
  return result;
}

function cutNotes({ seconds, undetermined }: WarmupCut): readonly string[] {
  if (undetermined.length > 0) {
    return [
      `MSER-5 finds no end of the warm-up in ${undetermined.join(", ")}: the run is too short to tell, or has no steady state.`,
    ];
  }
  return seconds > 0 ? [] : ["MSER-5 finds no warm-up to leave out."];
}
