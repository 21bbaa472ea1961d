import { SeriesSample } from "../core/quantile.js";
import type { ServeResult } from "./serve.js";

/** What a majority vote waits: from sending a question to the end of its last sample. Questions refused are left out. */
export function questionLatencies({ requests }: ServeResult): SeriesSample {
  const spans = new Map<number, { sent: number; end: number }>();
  for (let id = 0; id < requests.length; id++) {
    const group = requests.specs[id]?.group;
    if (group === undefined) continue;
    const sent = requests.sent[id] as number;
    const end = requests.end[id] as number;
    const span = spans.get(group);
    if (span === undefined) spans.set(group, { sent, end });
    else {
      span.sent = Math.min(span.sent, sent);
      span.end = Math.max(span.end, end);
    }
  }
  const sample = new SeriesSample();
  for (const { sent, end } of spans.values()) if (!Number.isNaN(end)) sample.add(end - sent, 0, 1, 1);
  return sample;
}
