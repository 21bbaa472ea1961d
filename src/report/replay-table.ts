import type { PolicyQuality, ReplayResult } from "../replay/quality.js";
import type { ReplaySettings } from "../replay/settings.js";
import { decimal, integer, percent } from "./format.js";
import { textTable, type TextColumn } from "./text-table.js";

type Cell = (quality: PolicyQuality) => string;

/** A figure of a policy each: title, and how it is written. */
export const QUALITY_COLUMNS: readonly (readonly [title: string, cell: Cell])[] = [
  ["recall", ({ recall }) => percent(recall.mean)],
  ["p5", ({ recall }) => percent(recall.p5)],
  ["worst", ({ recall }) => percent(recall.worst)],
  ["top-k", ({ topKRecall }) => percent(topKRecall)],
  ["output error", ({ outputError }) => percent(outputError?.mean)],
  ["largest", ({ outputError }) => percent(outputError?.max)],
  ["milestone misses", ({ milestoneMisses }) => perStep(milestoneMisses)],
  ["phoenix misses", ({ phoenixMisses }) => perStep(phoenixMisses)],
  ["held", ({ heldTokens }) => decimal(heldTokens.mean)],
  ["most", ({ heldTokens }) => integer(heldTokens.max)],
  ["read", ({ readTokens }) => decimal(readTokens.mean)],
];

/** What each policy keeps, reads and loses, a row each, and what a reader must know. */
export function replayTable(result: ReplayResult): string {
  const { settings, policies, trace, layers, kvHeads } = result;
  const columns: TextColumn[] = [
    { title: "policy" },
    ...QUALITY_COLUMNS.map(([title]) => ({ title, align: "right" as const })),
  ];
  const rows = policies.map((policy) => [nameOf(policy), ...QUALITY_COLUMNS.map(([, cell]) => cell(policy))]);
  const notes = replayNotes(result).map((note) => `- ${note}`);
  return [
    [
      `${trace.model}${trace.synthetic ? " (synthetic)" : ""}: ${integer(trace.promptTokens)} prompt + ${integer(trace.decodeSteps)} decoded tokens`,
      `layers ${layers.join(", ")}; KV heads ${kvHeads.join(", ")}; steps ${settings.fromStep} to ${settings.toStep - 1}`,
    ].join("\n"),
    textTable(columns, rows),
    measureNotes(settings).join("\n"),
    ["Notes", ...notes].join("\n"),
  ].join("\n\n");
}

/** What a policy is called; one that sees what no policy can is called an oracle. */
export function nameOf({ label, oracle }: { readonly label: string; readonly oracle?: string | undefined }): string {
  return oracle === undefined || /oracle/i.test(label) ? label : `${label} (oracle)`;
}

function perStep({ perStep: misses }: { readonly perStep: number }): string {
  return decimal(misses);
}

/** What the columns mean. */
export function measureNotes({ topK, theta, phoenixGapSteps }: ReplaySettings): readonly string[] {
  return [
    "recall: share of the attention that falls on what was read; p5, worst: over steps and KV heads",
    `top-k: share of the ${topK} most attended positions that were read`,
    "output error: ‖o - ô‖ / ‖o‖, mean and largest over steps and KV heads",
    `milestone misses: evicted positions that a step would have used (at least ${theta} of its attention), a step and KV head;`,
    `phoenix misses: those of them that had not been used for more than ${phoenixGapSteps} steps`,
    "held, read: tokens a layer and KV head, mean over steps; most: at any step",
  ];
}

/** What a reader must know of the recording and of the policies. */
export function replayNotes({ notes, policies }: ReplayResult): readonly string[] {
  return [...notes, ...policyNotes(policies)];
}

/** Each note once, with the policies it is about unless it is about all. */
function policyNotes(policies: readonly PolicyQuality[]): string[] {
  const oracles = policies.filter(({ oracle }) => oracle !== undefined);
  const seeing = oracles.map(
    ({ label, oracle }) =>
      `${label} is an oracle: it sees ${oracle === "step" ? "the step's true attention" : "the future"}.`,
  );
  const all = [...new Set(policies.flatMap(({ notes }) => notes))];
  return [
    ...seeing,
    ...all.map((note) => {
      const having = policies.filter(({ notes }) => notes.includes(note));
      return having.length === policies.length ? note : `${having.map(({ label }) => label).join(", ")}: ${note}`;
    }),
  ];
}
