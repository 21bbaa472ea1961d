import type { SeriesPoint } from "./outcome.js";
import type { Scenario } from "./scenario.js";
import type { ServeResult } from "./serve.js";
import { Windows } from "./windows.js";

const BINS = 240;

/** Means over equal windows from time 0 to the last token, all replicas together. */
export function timeSeries(scenario: Scenario, result: ServeResult): readonly SeriesPoint[] {
  if (!(result.end > 0)) return [];
  const windows = result.books.windows ?? exactWindows(scenario, result);
  const { width } = windows;
  const pool = scenario.engine.layerBlocks * scenario.replicas;
  return Array.from({ length: windows.count(result.end) }, (_, i) => ({
    time_s: i * width,
    output_tokens_per_s: windows.at("output", i) / width,
    input_tokens_per_s: windows.at("input", i) / width,
    running: windows.at("running", i) / width,
    waiting: windows.at("waiting", i) / width,
    kv_used_share: windows.at("blocks", i) / width / pool,
    preemptions: windows.at("preemptions", i),
    requests_sent_per_s: windows.at("sent", i) / width,
    requests_ended_per_s: windows.at("ended", i) / width,
  }));
}

function exactWindows({ frontEndSeconds }: Scenario, { requests, logs, end }: ServeResult): Windows {
  const windows = new Windows(end / BINS, BINS, false);
  for (let id = 0; id < requests.length; id++) windows.addRequest(requests, id, frontEndSeconds);
  for (const log of logs) windows.addRuns(log);
  return windows;
}
