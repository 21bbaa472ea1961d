import type { PolicyQuality, ReplayResult } from "../replay/quality.js";
import type { Summary } from "../serve/outcome.js";
import { decimal, integer, milliseconds, dollars, percent, perSecond, type Value } from "./format.js";
import type { ReportTable } from "./report.js";

/** A replay of the policies that are simulated, by name: what each loses beside what it costs. */
export interface Recorded {
  readonly recording: string; // name or path
  readonly replay: ReplayResult;
}

/** An outcome and, if its policy was replayed, its quality. */
export type Judged<O extends Summary = Summary> = O & { readonly quality?: PolicyQuality };

/** Joins an outcome with the replay of its policy, if there was one. */
export function withQuality<O extends Summary>(outcome: O, recorded: Recorded | undefined): Judged<O> {
  const quality = recorded?.replay.policies.find(({ policy }) => policy === outcome.policy);
  return quality === undefined ? outcome : { ...outcome, quality };
}

/** What was replayed, without the policies' results. */
export function replayFacts({ recording, replay }: Recorded): object {
  const { policies: _, ...facts } = replay;
  return { recording, ...facts };
}

/** What a reader must know before taking a quality for that of the served model. */
export function recordedNotes({ recording, replay }: Recorded, outcomes: readonly Judged[]): readonly string[] {
  const { trace, layers, settings } = replay;
  const labels = (having: (outcome: Judged) => boolean): string =>
    outcomes
      .filter(having)
      .map(({ label }) => label)
      .join(", ");
  const oracles = labels(({ quality }) => quality?.oracle !== undefined);
  const unreplayed = labels(({ quality }) => quality === undefined);
  const denseLayers = ({ quality }: Judged): number => Number(quality?.parameters["denseLayers"] ?? 0);
  const beyond = labels(
    (outcome) => denseLayers(outcome) > 0 && layers.every((layer) => layer >= denseLayers(outcome)),
  );
  const within = labels((outcome) => layers.some((layer) => layer < denseLayers(outcome)));
  return [
    `Quality is that of the recording ${recording}, not of the model served: it compares policies on one text and predicts ` +
      `no accuracy. Replayed: layers ${layers.join(", ")}, ${integer(settings.toStep - settings.fromStep)} decode steps ` +
      `after a prompt of ${integer(trace.promptTokens)} tokens${
        trace.generation === "teacher-forced" ? ", a text that the recorded model read and did not write" : ""
      }.`,
    ...replay.notes,
    ...(beyond === "" ? [] : [`${beyond}: first layers that stay dense are not among those replayed.`]),
    ...(within === "" ? [] : [`${within}: replayed layers that stay dense, and lose nothing, are part of the means.`]),
    ...(oracles === ""
      ? []
      : [`${oracles}: an oracle, which looks at what no policy can know: a bound, not a choice.`]),
    ...(unreplayed === ""
      ? []
      : [`${unreplayed}: not replayed, since it says what it costs, not which positions it chooses.`]),
  ];
}

interface QualityFigure {
  readonly title: string;
  readonly of: (quality: PolicyQuality) => Value;
  readonly format: (value: Value) => string;
}

const FIGURES: readonly QualityFigure[] = [
  { title: "Recall of attention, mean", of: ({ recall }) => recall.mean, format: percent },
  { title: "Recall of attention, 5th percentile", of: ({ recall }) => recall.p5, format: percent },
  { title: "Recall of attention, worst step", of: ({ recall }) => recall.worst, format: percent },
  { title: "Recall of the largest positions", of: ({ topKRecall }) => topKRecall, format: percent },
  { title: "Output error, mean", of: ({ outputError }) => outputError?.mean, format: percent },
  { title: "Output error, largest", of: ({ outputError }) => outputError?.max, format: percent },
  { title: "Milestone misses a step and head", of: (quality) => quality.milestoneMisses.perStep, format: decimal },
  { title: "  of these phoenix tokens", of: (quality) => quality.phoenixMisses.perStep, format: decimal },
  { title: "Tokens held, mean", of: ({ heldTokens }) => heldTokens.mean, format: integer },
  { title: "Tokens read, mean", of: ({ readTokens }) => readTokens.mean, format: integer },
];

/** What the replay measured: one column an outcome. */
export function qualityTable(outcomes: readonly Judged[]): ReportTable {
  return {
    title: "Quality",
    columns: ["Quality", ...outcomes.map(({ label }) => label)],
    rows: FIGURES.map((figure) => [
      figure.title,
      ...outcomes.map(({ quality }) => figure.format(quality === undefined ? null : figure.of(quality))),
    ]),
  };
}

/** Quality, time, memory and money at a glance: one row an outcome. */
export function overviewTable(outcomes: readonly Judged[]): ReportTable {
  return {
    title: "Quality, time and memory",
    columns: ["Policy", "Recall", "p5", "Output error", "Output tokens", "TPOT, p50", "KV pool, peak", "$/M tokens"],
    rows: outcomes.map(({ label, metrics, quality }) => [
      label,
      percent(quality?.recall.mean),
      percent(quality?.recall.p5),
      percent(quality?.outputError?.mean),
      perSecond(metrics["output_throughput"]),
      milliseconds(metrics["p50_tpot_ms"]),
      percent(metrics["peak_kv_share"]),
      dollars(metrics["cost_per_million_output_tokens_usd"]),
    ]),
  };
}
