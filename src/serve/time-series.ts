import type { SeriesPoint } from "./outcome.js";
import type { Scenario } from "./scenario.js";
import type { ServeResult } from "./serve.js";

const BINS = 240;

/** Means over equal bins from the first request to the last token, all replicas together. */
export function timeSeries(scenario: Scenario, result: ServeResult): readonly SeriesPoint[] {
  const { end, requests, logs } = result;
  if (!(end > 0)) return [];
  const width = end / BINS;
  const column = (): Float64Array => new Float64Array(BINS);
  const series = {
    output: column(),
    input: column(),
    running: column(),
    waiting: column(),
    blocks: column(),
    preemptions: column(),
  };
  for (let id = 0; id < requests.length; id++) {
    if (Number.isNaN(requests.end[id])) continue;
    const admitted = requests.admitted[id] as number;
    addOver(series.waiting, width, (requests.sent[id] as number) + scenario.frontEndSeconds, admitted, 1);
    addOver(series.running, width, admitted, requests.end[id] as number, 1);
  }
  for (const log of logs) {
    for (let row = 0; row < log.length; row++) {
      const start = log.get(row, "start");
      const stop = log.end(row);
      const tokens = log.get(row, "emitted") * log.get(row, "steps");
      addOver(series.output, width, start, stop, tokens / (stop - start));
      addOver(series.input, width, start, stop, log.get(row, "prefillTokens") / (stop - start));
      addOver(series.blocks, width, start, stop, (log.get(row, "blocksBefore") + log.get(row, "blocksAfter")) / 2);
    }
    for (const time of log.preemptions) {
      const bin = Math.min(BINS - 1, Math.floor(time / width));
      series.preemptions[bin] = (series.preemptions[bin] as number) + 1;
    }
  }
  const pool = scenario.engine.layerBlocks * scenario.replicas;
  return Array.from({ length: BINS }, (_, i) => ({
    time_s: i * width,
    output_tokens_per_s: (series.output[i] as number) / width,
    input_tokens_per_s: (series.input[i] as number) / width,
    running: (series.running[i] as number) / width,
    waiting: (series.waiting[i] as number) / width,
    kv_used_share: (series.blocks[i] as number) / width / pool,
    preemptions: series.preemptions[i] as number,
  }));
}

/** Adds height × seconds of the interval to each bin it overlaps. */
function addOver(bins: Float64Array, width: number, from: number, to: number, height: number): void {
  if (!(to > from)) return;
  const last = Math.min(bins.length - 1, Math.floor(to / width));
  for (let bin = Math.min(last, Math.floor(from / width)); bin <= last; bin++) {
    const overlap = Math.min(to, (bin + 1) * width) - Math.max(from, bin * width);
    if (overlap > 0) bins[bin] = (bins[bin] as number) + height * overlap;
  }
}
