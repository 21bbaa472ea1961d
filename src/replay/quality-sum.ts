import { check } from "../core/check.js";
import type { Policy } from "../policy/policy.js";
import type { TraceMetadata } from "../trace/attention-trace.js";
import {
  addTo,
  AT,
  MEASURES,
  recallQuantile,
  TotalsSum,
  type HeadTotals,
  type Measure,
  type StepSums,
} from "./measures.js";
import type { ReplayPlan } from "./plan.js";
import type { HeadQuality, Misses, PolicyQuality, Quality, ReplayResult } from "./quality.js";
import type { TaskResult } from "./replay-task.js";

const P5 = 0.05;

/** Joins the results of a replay's tasks as they come in the order of the plan, and keeps little more than figures. */
export class QualitySum {
  private readonly metadata: TraceMetadata;
  private readonly policies: readonly Policy[];
  private readonly plan: ReplayPlan;
  private readonly sums: readonly PolicySum[];
  private done = 0;

  constructor(metadata: TraceMetadata, policies: readonly Policy[], plan: ReplayPlan) {
    this.metadata = metadata;
    this.policies = policies;
    this.plan = plan;
    this.sums = policies.map(() => new PolicySum(plan));
  }

  /** The result of the plan's next task. */
  add(result: TaskResult): void {
    const expected = this.plan.tasks[this.done++];
    const { layer, kvFrom } = result.task;
    check(expected?.layer === layer && expected.kvFrom === kvFrom, () => `layer ${layer}, head ${kvFrom} out of order`);
    this.sums.forEach((sum, index) => sum.add(result, index));
  }

  /** Once all tasks have been added. */
  result(): ReplayResult {
    const { metadata, plan } = this;
    check(this.done === plan.tasks.length, () => `${this.done} of ${plan.tasks.length} tasks done`);
    return {
      trace: { ...metadata, decodeSteps: metadata.totalTokens - metadata.promptTokens },
      layers: plan.layers,
      kvHeads: plan.kvHeads,
      settings: plan.settings,
      notes: notesOf(metadata, plan),
      policies: this.policies.map((policy, index) => ({
        policy: policy.name,
        label: policy.label,
        kind: policy.kind,
        parameters: policy.parameters,
        source: policy.source,
        notes: [...policy.notes, ...denseNotes(policy, plan)],
        ...(policy.lanes?.oracle === undefined ? {} : { oracle: policy.lanes.oracle }),
        ...(this.sums[index] as PolicySum).quality(),
      })),
    };
  }
}

/** A recording may well be of just the layers that a policy leaves dense by default: then all its figures are Dense's. */
function denseNotes({ denseLayers }: Policy, { layers }: ReplayPlan): string[] {
  const dense = layers.filter((layer) => layer < denseLayers);
  if (dense.length === 0) return [];
  return [`Keeps and reads everything in layer ${dense.join(" and ")} (denseLayers=${denseLayers}).`];
}

function notesOf(
  { synthetic, generation, groupReduction, model, layersTotal }: TraceMetadata,
  plan: ReplayPlan,
): string[] {
  const notes = ["Replay is open loop: the recorded text and queries do not change with what a policy evicts."];
  if (synthetic) notes.push("The recording is synthetic: generated, not taken from a model.");
  else notes.push(`Recorded from ${model}, ${plan.layers.length} of ${layersTotal} layers, ${generation}.`);
  if (groupReduction === "max")
    notes.push(
      "The recording has the largest attention of a KV head's query heads where policies and measures mean the mean.",
    );
  if (!plan.settings.outputError) notes.push("Output errors were not computed; their bound is.");
  return notes;
}

/** Of one policy. */
class PolicySum {
  private readonly outputError: boolean;
  private readonly all = new TotalsSum();
  private readonly layers: { layer: number; totals: TotalsSum; heads: HeadQuality[] }[] = [];
  private readonly steps: StepSums;
  private heads = 0;

  constructor({ settings }: ReplayPlan) {
    this.outputError = settings.outputError;
    this.steps = new Float64Array((settings.toStep - settings.fromStep) * MEASURES.length);
  }

  add({ task, policies }: TaskResult, index: number): void {
    const { heads, steps } = policies[index] as TaskResult["policies"][number];
    if (this.layers.at(-1)?.layer !== task.layer) {
      this.layers.push({ layer: task.layer, totals: new TotalsSum(), heads: [] });
    }
    const layer = this.layers.at(-1) as (typeof this.layers)[number];
    for (const head of task.measured) {
      const totals = heads[head - task.kvFrom] as HeadTotals;
      layer.heads.push({ head, ...quality(totals, this.outputError) });
      layer.totals.add(totals);
      this.all.add(totals);
    }
    this.heads += task.measured.length;
    addTo(this.steps, steps);
  }

  quality(): Quality & Pick<PolicyQuality, "layers" | "steps"> {
    const mean = (measure: Measure): number[] => {
      const means: number[] = [];
      for (let at = AT[measure]; at < this.steps.length; at += MEASURES.length) {
        means.push((this.steps[at] as number) / this.heads);
      }
      return means;
    };
    return {
      ...quality(this.all, this.outputError),
      layers: this.layers.map(({ layer, totals, heads }) => ({ layer, ...quality(totals, this.outputError), heads })),
      steps: {
        recall: mean("recall"),
        topKRecall: mean("topKRecall"),
        ...(this.outputError ? { outputError: mean("outputError") } : {}),
        heldTokens: mean("heldTokens"),
        readTokens: mean("readTokens"),
        milestoneMisses: mean("milestoneMisses"),
        phoenixMisses: mean("phoenixMisses"),
      },
    };
  }
}

function quality(totals: HeadTotals, outputError: boolean): Quality {
  const mean = (measure: Measure): number => totals.sums[measure] / totals.steps;
  const misses = (measure: Measure): Misses => ({ total: totals.sums[measure], perStep: mean(measure) });
  return {
    recall: { mean: mean("recall"), p5: recallQuantile(totals, P5), worst: totals.worstRecall },
    topKRecall: mean("topKRecall"),
    ...(outputError ? { outputError: { mean: mean("outputError"), max: totals.largestOutputError } } : {}),
    outputErrorBound: 2 * (1 - mean("recall")),
    milestoneMisses: misses("milestoneMisses"),
    phoenixMisses: misses("phoenixMisses"),
    heldTokens: { mean: mean("heldTokens"), max: totals.mostHeldTokens },
    readTokens: { mean: mean("readTokens"), max: totals.mostReadTokens },
  };
}
