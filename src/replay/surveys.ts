import { openRows } from "../attention/open-rows.js";
import type { RowKernel } from "../attention/row-kernel.js";
import type { Policy } from "../policy/policy.js";
import type { AttentionTrace } from "../trace/attention-trace.js";
import { GroupView } from "./group-view.js";

/** What a policy's `survey` says of each recorded layer, by the policy's name and the layer's index. */
export type Surveys = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** Shows each recorded layer's prompt to the policies that share budgets between layers. */
export function surveyLayers(trace: AttentionTrace, policies: readonly Policy[], makeKernel: () => RowKernel): Surveys {
  const surveys = new Map<string, Map<number, number>>();
  for (const { name, lanes, denseLayers } of policies) {
    const survey = lanes?.survey?.bind(lanes);
    if (survey === undefined || lanes === undefined) continue;
    const byLayer = new Map<number, number>();
    for (const layer of trace.metadata.layers.filter((index) => index >= denseLayers)) {
      const { kvHeads, layersTotal } = trace.metadata;
      const wanted = { layer, kvFrom: 0, kvTo: kvHeads, lookback: lanes.lookback, values: false, promptMass: false };
      const rows = openRows(trace, wanted, makeKernel());
      const all = rows.kvHeads * rows.rowsPerKvHead;
      const noChance = (): never => {
        throw new Error("a survey has no chance");
      };
      const place = { layer, layersTotal, group: 0, rng: noChance, surveys: new Map(), groups: () => [] };
      byLayer.set(layer, survey(new GroupView(rows, 0, all, place)));
    }
    surveys.set(name, byLayer);
  }
  return surveys;
}
