/**
 * The public names of raas-sim. To read the code, follow a command from its arguments to its files:
 * cli/main → cli/resolve (names become objects) → serve/scenario (objects become a scenario) → serve/serve (the event
 * loop) → serve/replica (one engine: plan, run, books) → serve/outcome-of (figures) → report. A cache policy is one file
 * in policy/; what a step costs is cost/kernel-cost; what may repeat without being simulated is core/line.
 */
export { headKind, type HeadKind, type HeadReads, type HeadShares } from "./attention/head-kind.js";
export { mergedTrace, type MergeOptions } from "./attention/merged-trace.js";
export { traceShape, type HeadShape, type TraceShape } from "./attention/trace-shape.js";
export { InputError } from "./core/check.js";
export type { Line } from "./core/line.js";
export { RangeSet } from "./core/range-set.js";
export type { Batch, CostModel, LayerGroup, PrefillChunk, StepCost } from "./cost/cost-model.js";
export type { HostParameters } from "./cost/host.js";
export { kernelCost } from "./cost/kernel-cost.js";
export { parseProfile } from "./hardware/parse.js";
export type { HardwareProfile } from "./hardware/profile.js";
export { parseModelConfig } from "./model/config.js";
export type { ModelShape } from "./model/model-shape.js";
export { MODELS } from "./model/shapes.js";
export { kvBytesPerTokenLayer, parameterCount, weightBytes } from "./model/size.js";
export { footprintViolations } from "./policy/conformance.js";
export type { Lane, Lanes, PromptView, QueryView, StepView } from "./policy/lane.js";
export { measuredFootprint, type FootprintCurve } from "./policy/measured.js";
export { policyFromModule } from "./policy/outside.js";
export type { LayerFootprint, Lengths, Policy, PolicyDefinition } from "./policy/policy.js";
export { createPolicy, POLICIES } from "./policy/table.js";
export { laneViolations } from "./replay/conformance.js";
export { withMeasuredFootprints } from "./replay/footprint-curve.js";
export { attentionMap, type AttentionMap } from "./replay/attention-map.js";
export { milestoneHead } from "./replay/milestone-head.js";
export type { ReplayOptions } from "./replay/plan.js";
export type { PolicyQuality, Quality, ReplayResult } from "./replay/quality.js";
export { replay } from "./replay/replay.js";
export { compareReport } from "./report/compare-report.js";
export { renderHtml } from "./report/html.js";
export { replayReport } from "./report/replay-report.js";
export type { Chart, Report } from "./report/report.js";
export { serveReport } from "./report/serve-report.js";
export { renderSvg } from "./report/svg.js";
export { ENGINE_PRESETS, type EnginePreset } from "./serve/engine-presets.js";
export { SCENARIO_OPTIONS, type ScenarioOptions } from "./serve/options.js";
export type { Outcome } from "./serve/outcome.js";
export { outcome } from "./serve/outcome-of.js";
export { scenario, type Scenario } from "./serve/scenario.js";
export type { Plan, Scheduler, ServerView } from "./serve/scheduler.js";
export { serve, type ServeResult } from "./serve/serve.js";
export type { AttentionTrace, TraceMetadata } from "./trace/attention-trace.js";
export { memorySource, type ByteSource } from "./trace/byte-source.js";
export { checkTrace, type CheckedBlock } from "./trace/check-trace.js";
export { openTrace } from "./trace/open-trace.js";
export { recodedTrace } from "./trace/recode-trace.js";
export { sliceTrace, type TraceSlice } from "./trace/slice-trace.js";
export { SYNTHETIC_SHAPE, type SyntheticShape } from "./trace/synthetic-shape.js";
export { syntheticTrace } from "./trace/synthetic-trace.js";
export { preferring, traceFile, type DtypeChoice, type TraceFile } from "./trace/write-trace.js";
export type { MeasuredCase } from "./validate/case.js";
export { CASES } from "./validate/cases.js";
export { crossValidate, simulator, type CrossValidation } from "./validate/cross-validate.js";
export { predict } from "./validate/predict.js";
export { validation, type Validation } from "./validate/validation.js";
export { parseDefinition } from "./workload/definition.js";
export { definitionWorkload, fixedWorkload } from "./workload/generate.js";
export { parseColumns } from "./workload/log-fields.js";
export { logStatistics } from "./workload/log-statistics.js";
export { logWorkload } from "./workload/log-workload.js";
export { parseRequestLog } from "./workload/request-log.js";
export type { RequestSpec, Workload } from "./workload/workload.js";
