import type { Policy } from "../policy/policy.js";
import type { TraceMetadata } from "../trace/attention-trace.js";
import { MEASURES, mergeTotals, recallQuantile, series, type HeadTotals, type Measure } from "./measures.js";
import type { ReplayPlan } from "./plan.js";
import type { Misses, PolicyQuality, Quality, ReplayResult } from "./quality.js";
import type { TaskResult } from "./replay-task.js";

const P5 = 0.05;

/** Joins the results of all tasks, in whichever order they came. */
export function assembleQuality(
  metadata: TraceMetadata,
  policies: readonly Policy[],
  plan: ReplayPlan,
  results: readonly TaskResult[],
): ReplayResult {
  const inOrder = [...results].sort((a, b) => a.task.layer - b.task.layer || a.task.kvFrom - b.task.kvFrom);
  return {
    trace: {
      model: metadata.model,
      kind: metadata.kind,
      promptTokens: metadata.promptTokens,
      decodeSteps: metadata.totalTokens - metadata.promptTokens,
      queryHeads: metadata.queryHeads,
      kvHeads: metadata.kvHeads,
      headDim: metadata.headDim,
      layersTotal: metadata.layersTotal,
      generation: metadata.generation,
      source: metadata.source,
      synthetic: metadata.synthetic,
    },
    layers: plan.layers,
    kvHeads: plan.kvHeads,
    settings: plan.settings,
    notes: notesOf(metadata, plan),
    policies: policies.map((policy, index) => policyQuality(policy, index, plan, inOrder)),
  };
}

function notesOf({ synthetic, generation, model, layersTotal }: TraceMetadata, plan: ReplayPlan): string[] {
  const notes = ["Replay is open loop: the recorded text and queries do not change with what a policy evicts."];
  if (synthetic) notes.push("The recording is synthetic: generated, not taken from a model.");
  else notes.push(`Recorded from ${model}, ${plan.layers.length} of ${layersTotal} layers, ${generation}.`);
  if (!plan.settings.outputError) notes.push("Output errors were not computed; their bound is.");
  return notes;
}

function policyQuality(policy: Policy, index: number, plan: ReplayPlan, results: readonly TaskResult[]): PolicyQuality {
  const { layers, kvHeads, settings } = plan;
  const byLayer = layers.map((layer) => {
    const heads = results
      .filter(({ task }) => task.layer === layer)
      .flatMap(
        ({ task, policies }) => policies[index]?.heads.map((totals, i) => ({ head: task.kvFrom + i, totals })) ?? [],
      )
      .filter(({ head }) => kvHeads.includes(head));
    return { layer, heads, totals: mergeTotals(heads.map(({ totals }) => totals)) };
  });
  const sums = series(settings.toStep - settings.fromStep);
  let heads = 0;
  for (const { task, policies } of results) {
    heads += task.kvTo - task.kvFrom;
    for (const measure of MEASURES) {
      policies[index]?.steps[measure].forEach((value, step) => {
        sums[measure][step] = (sums[measure][step] as number) + value;
      });
    }
  }
  const mean = (measure: Measure): number[] => Array.from(sums[measure], (sum) => sum / heads);
  return {
    policy: policy.name,
    label: policy.label,
    kind: policy.kind,
    parameters: policy.parameters,
    source: policy.source,
    notes: policy.notes,
    ...(policy.lanes?.oracle === undefined ? {} : { oracle: policy.lanes.oracle }),
    ...quality(mergeTotals(byLayer.map(({ totals }) => totals)), settings.outputError),
    layers: byLayer.map(({ layer, heads: ofLayer, totals }) => ({
      layer,
      ...quality(totals, settings.outputError),
      heads: ofLayer.map(({ head, totals: of }) => ({ head, ...quality(of, settings.outputError) })),
    })),
    steps: {
      recall: mean("recall"),
      topKRecall: mean("topKRecall"),
      ...(settings.outputError ? { outputError: mean("outputError") } : {}),
      heldTokens: mean("heldTokens"),
      readTokens: mean("readTokens"),
      milestoneMisses: mean("milestoneMisses"),
      phoenixMisses: mean("phoenixMisses"),
    },
  };
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
