import { at, type Line } from "../core/line.js";
import { toQuantum } from "../core/quantum.js";
import type { HardwareProfile } from "../hardware/profile.js";
import type { KvFormat, ModelShape, WeightFormat } from "../model/model-shape.js";
import type { AttentionCost } from "./attention-cost.js";
import { pieceAt, type Piece } from "./attention-curve.js";
import {
  stepCostDraft,
  type Batch,
  type CostModel,
  type FloorSeconds,
  type LayerGroup,
  type StepCost,
  type StepCostDraft,
  type WorkTotals,
} from "./cost-model.js";
import { allReduceSeconds } from "./all-reduce-time.js";
import { elementWiseBytes, elementWiseLaunches } from "./element-wise.js";
import type { ExtraWork } from "./extra-work.js";
import { exposedHost, type HostParameters } from "./host.js";
import { kernelTables, type KernelTables } from "./kernel-tables.js";
import type { LinearCost } from "./linear-cost.js";
import { memo } from "./memo.js";
import { samplingSeconds, type SamplerParameters, type SamplerWork } from "./sampling.js";

export interface KernelCostOptions {
  readonly model: ModelShape;
  readonly profile: HardwareProfile;
  readonly groups: readonly LayerGroup[];
  readonly weightFormat: WeightFormat;
  readonly kvFormat: KvFormat;
  readonly tp: number;
  readonly work: ExtraWork;
  readonly indexPageTokens: number;
  readonly budget: number; // tokens a policy keeps; only for policies that compare keys with each other
  readonly sampler: SamplerParameters;
  readonly samplerWork: SamplerWork;
  readonly host: HostParameters;
  readonly asyncScheduling: boolean; // host work overlaps with the GPU
  readonly graphSizes: readonly number[]; // tokens of captured graphs, ascending, to which batches are padded; []: none
  readonly copiesCache: boolean; // a step that appends reads and writes the whole cache, as concatenation does
}

/** Top-k over page scores in one launch: 5-10 µs below 128k tokens (Quest, arXiv 2406.10774). */
const SELECT_SECONDS = 8e-6;

/** Where each operator stands in the parts of a step, in the order of OPERATORS. */
const AT = { linear: 0, head: 1, decode: 2, prefill: 3, policy: 4, elementWise: 5, allReduce: 6, host: 7 } as const;

interface GroupCost {
  readonly layers: number;
  /** Decode attention over tokens read, by the number of sequences that read. */
  readonly pieces: (decodes: number) => readonly Piece[];
  readonly copyPerToken: number;
  readonly scoreFixed: number;
  readonly scorePerToken: number;
  readonly extraFixed: number;
  readonly extraPerToken: number;
}

/** Profile + model → what a step costs. Every coefficient is rounded to a quantum once, here. */
export function kernelCost(options: KernelCostOptions): CostModel {
  const { profile, model, tp } = options;
  const tables = kernelTables(options);
  const { linear, attention, layerSeconds } = tables;
  const groups = options.groups.map((group) => groupCost(options, tables, group));
  const streamBandwidth = profile.elementwise.bandwidthEfficiency * profile.bandwidthBytesPerSecond;
  const launches = elementWiseLaunches(model);
  const elementBytes = elementWiseBytes(model, tp, attention.kvBytes);
  const reductions = tp === 1 ? 0 : 2 * model.layers + 1;

  const sampling = samplingSeconds(options.sampler, profile, model.vocabularySize, options.samplerWork);
  const headSeconds = memo((emitting: number) => toQuantum(tables.headSeconds(emitting) + sampling(emitting)));
  const elementSeconds = memo((tokens: number) =>
    toQuantum(model.layers * (launches * profile.elementwise.layerSeconds + (tokens * elementBytes) / streamBandwidth)),
  );
  const reduceSeconds = memo((tokens: number) =>
    reductions === 0
      ? 0
      : toQuantum(reductions * allReduceSeconds(tokens * model.hiddenSize * 2, tp, profile.allReduce)),
  );
  const { host } = options;
  const hostSeconds = memo((emitting: number) => toQuantum(host.stepSeconds + emitting * host.sequenceSeconds));
  const launchSeconds = toQuantum(model.layers * host.launchSeconds);
  const captured = paddedTokens(options.graphSizes);

  const decode: DecodeSums = { now: 0, perStep: 0, policyNow: 0, policyPerStep: 0, steadyFor: Infinity }; // of the step at hand
  function step(batch: Batch, into: StepCostDraft = stepCostDraft()): StepCost {
    let prefillTokens = 0;
    let emitting = batch.decodes;
    for (const chunk of batch.chunks) {
      prefillTokens += chunk.tokens;
      if (chunk.emits) emitting++;
    }
    const computed = batch.decodes + prefillTokens;
    const tokens = captured(computed); // steps with prompts as well: graphs are piecewise
    decodeSums(groups, batch, decode);
    const prefill = batch.chunks.length === 0 ? 0 : toQuantum(prefillSeconds(options, attention, batch));
    const linearNow = layerSeconds(tokens);
    const headNow = headSeconds(emitting);
    const elementNow = elementSeconds(tokens);
    const reduceNow = reduceSeconds(tokens);
    const now = linearNow + headNow + elementNow + reduceNow + prefill + decode.now + decode.policyNow;
    const perStep = decode.perStep + decode.policyPerStep;
    const hostNow = hostSeconds(emitting);
    const waits = options.asyncScheduling
      ? exposedHost(0, launchSeconds + hostNow, now, perStep)
      : exposedHost(hostNow, launchSeconds, now, perStep);
    into.now = now + waits.now;
    into.perStep = perStep + waits.perStep;
    into.steadyFor = Math.min(decode.steadyFor, waits.steadyFor);
    const { parts, partSlopes } = into; // the slopes of the others are 0
    parts[AT.linear] = linearNow;
    parts[AT.head] = headNow;
    parts[AT.decode] = decode.now;
    parts[AT.prefill] = prefill;
    parts[AT.policy] = decode.policyNow;
    parts[AT.elementWise] = elementNow;
    parts[AT.allReduce] = reduceNow;
    parts[AT.host] = waits.now;
    partSlopes[AT.decode] = decode.perStep;
    partSlopes[AT.policy] = decode.policyPerStep;
    partSlopes[AT.host] = waits.perStep;
    return into;
  }

  return { name: `kernels of ${profile.name}`, step, floor: (work) => floorSeconds(options, linear, attention, work) };
}

function floorSeconds(
  { profile, groups }: KernelCostOptions,
  linear: LinearCost,
  attention: AttentionCost,
  work: WorkTotals,
): FloorSeconds {
  const one = linear.layers(1);
  let kvTokens = 0;
  groups.forEach((group, g) => (kvTokens += group.layers * (work.read[g] ?? 0)));
  const memoryBytes = work.iterations * one.bytes + kvTokens * attention.kvBytes; // an iteration reads what one token needs
  const flops = work.tokens * one.flops + work.emitted * linear.head(1).flops + kvTokens * attention.decodeFlops;
  return {
    memorySeconds: memoryBytes / profile.bandwidthBytesPerSecond,
    computeSeconds: flops / Math.max(linear.peakFlops, profile.peakFlops.bf16),
  };
}

function groupCost(options: KernelCostOptions, tables: KernelTables, group: LayerGroup): GroupCost {
  const { attention } = tables;
  const isPolicy = group.kind === "policy";
  const { work, indexPageTokens, budget, model, tp } = options;
  const scored = isPolicy ? attention.scoreSeconds(work, indexPageTokens) : 0;
  const extra = isPolicy ? attention.extraReadSeconds(work, model, tp, budget) : 0;
  const select = isPolicy && work.selects ? SELECT_SECONDS : 0;
  const launch = isPolicy && work.materialisesScores ? attention.launchSeconds : 0;
  return {
    layers: group.layers,
    pieces: tables.decodeTable(group),
    copyPerToken: toQuantum(options.copiesCache ? group.layers * attention.copySeconds : 0),
    scoreFixed: scored === 0 ? 0 : toQuantum(group.layers * (attention.launchSeconds + select)),
    scorePerToken: toQuantum(group.layers * scored),
    extraFixed: toQuantum(group.layers * (scored === 0 ? select + launch : 0)),
    extraPerToken: toQuantum(group.layers * extra),
  };
}

interface DecodeSums {
  now: number;
  perStep: number;
  policyNow: number;
  policyPerStep: number;
  steadyFor: number;
}

/** Decode attention and policy work over all layer groups, into `sums`: one object serves every step. */
function decodeSums(groups: readonly GroupCost[], batch: Batch, sums: DecodeSums): void {
  sums.now = 0;
  sums.perStep = 0;
  sums.policyNow = 0;
  sums.policyPerStep = 0;
  sums.steadyFor = Infinity;
  if (batch.decodes === 0) return;
  for (let g = 0; g < groups.length; g++) {
    const group = groups[g] as GroupCost;
    const read = batch.read[g] as Line;
    const scored = batch.scored[g] as Line;
    const pieces = group.pieces(batch.decodes);
    const index = pieceAt(pieces, read.now);
    const piece = pieces[index] as Piece;
    sums.now += piece.intercept + (piece.slope + group.copyPerToken) * read.now;
    sums.perStep += (piece.slope + group.copyPerToken) * read.perStep;
    if (read.perStep > 0) {
      const until = pieces[index + 1]?.from ?? Infinity;
      sums.steadyFor = Math.min(sums.steadyFor, Math.ceil((until - read.now) / read.perStep));
    }
    sums.policyNow += group.extraFixed + group.extraPerToken * read.now;
    sums.policyPerStep += group.extraPerToken * read.perStep;
    if (at(scored, 1) > 0) {
      if (scored.now === 0)
        sums.steadyFor = 1; // selection sets in: its launch is not on the line
      else sums.policyNow += group.scoreFixed;
      sums.policyNow += group.scorePerToken * scored.now;
      sums.policyPerStep += group.scorePerToken * scored.perStep;
    }
  }
}

function prefillSeconds(options: KernelCostOptions, attention: AttentionCost, batch: Batch): number {
  let seconds = 0;
  for (const group of options.groups) seconds += group.layers * attention.prefillSeconds(batch.chunks, group.window);
  return seconds;
}

/** Tokens of a step padded to the next captured size; larger ones as they are. */
function paddedTokens(sizes: readonly number[]): (tokens: number) => number {
  const padded: number[] = [0];
  for (const size of sizes) while (padded.length <= size) padded.push(size);
  return (tokens) => padded[tokens] ?? tokens;
}
