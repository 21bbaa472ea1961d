import { openRows } from "../attention/open-rows.js";
import type { RowKernel } from "../attention/row-kernel.js";
import type { Policy } from "../policy/policy.js";
import type { AttentionTrace } from "../trace/attention-trace.js";
import { GroupView } from "./group-view.js";

/** What a policy's `survey` says of each recorded layer, by the policy's name and the layer's index. */
export type Surveys = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** Whether any of the policies asks for surveys. */
export function needsSurveys(policies: readonly Policy[]): boolean {
  return policies.some(({ lanes }) => lanes?.survey !== undefined);
}

/** Shows a layer's prompt to the policies that share budgets between layers: what each says of it, by name. */
export function surveyLayer(
  trace: AttentionTrace,
  policies: readonly Policy[],
  layer: number,
  kernel: RowKernel,
): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const { kvHeads, layersTotal } = trace.metadata;
  for (const { name, lanes, denseLayers } of policies) {
    const survey = lanes?.survey?.bind(lanes);
    if (survey === undefined || lanes === undefined || layer < denseLayers) continue;
    const wanted = { layer, kvFrom: 0, kvTo: kvHeads, lookback: lanes.lookback, values: false, promptMass: false };
    const rows = openRows(trace, wanted, kernel);
    const all = rows.kvHeads * rows.rowsPerKvHead;
    const noChance = (): never => {
      throw new Error("a survey has no chance");
    };
    const place = { layer, layersTotal, group: 0, rng: noChance, surveys: new Map(), groups: () => [] };
    found.set(name, survey(new GroupView(rows, 0, all, place)));
  }
  return found;
}

/** Surveys of all recorded layers, one after another. */
export function surveyLayers(trace: AttentionTrace, policies: readonly Policy[], makeKernel: () => RowKernel): Surveys {
  const layers = needsSurveys(policies) ? trace.metadata.layers : [];
  return joinSurveys(layers.map((layer) => [layer, surveyLayer(trace, policies, layer, makeKernel())] as const));
}

/** Joins what was said of each layer. */
export function joinSurveys(layers: Iterable<readonly [layer: number, found: ReadonlyMap<string, number>]>): Surveys {
  const surveys = new Map<string, Map<number, number>>();
  for (const [layer, found] of layers) {
    for (const [name, value] of found) {
      const byLayer = surveys.get(name) ?? new Map<number, number>();
      surveys.set(name, byLayer.set(layer, value));
    }
  }
  return surveys;
}
