import type { AttentionMap } from "../../replay/attention-map.js";
import type { RetentionMap } from "../../replay/retention-cells.js";
import { integer } from "../format.js";
import { hexColor, mix, parseColor, ramp, type Color } from "../pixels.js";
import type { Chart } from "../report.js";
import { chartSpec } from "../theme.js";
import { logShare, mapPanel } from "./map-panel.js";

/** What becomes of a position, from pale where it draws no attention to strong where it draws much. */
const EVICTED = ramp(["#f3f3f3", "#dcdcdc", "#a8a8a8"].map(parseColor));
const HELD = ramp(["#e3eef0", "#a9cfd0", "#4f9a9c"].map(parseColor));
const READ = ramp(["#cfe0f3", "#5b9bd0", "#053061"].map(parseColor));
const MISSED = parseColor("#D55E00");
const OVERLOOKED = parseColor("#E69F00");

const STATES: readonly { state: string; color: string }[] = [
  { state: "read", color: hexColor(READ(0.6)) },
  { state: "held, not read", color: hexColor(HELD(0.6)) },
  { state: "evicted", color: hexColor(EVICTED(0.5)) },
  { state: "missed: evicted, yet used", color: hexColor(MISSED) },
  { state: "overlooked: held and used, not read", color: hexColor(OVERLOOKED) },
];

/** The attention map once more for each policy, coloured by what the policy had of it. */
export function retentionChart(map: AttentionMap): Chart {
  const { layer, head, theta, stepsPerRow, positionsPerColumn } = map;
  const rows = map.policies.flatMap((policy) => stateRows(map, policy));
  const present = STATES.filter(({ state }) => rows.some((row) => row.state === state && row.pairs > 0));
  const legend = {
    mark: { type: "square", opacity: 0 },
    encoding: {
      color: {
        field: "state",
        type: "nominal",
        scale: { domain: present.map(({ state }) => state), range: present.map(({ color }) => color) },
        legend: { symbolType: "square", symbolOpacity: 1, symbolSize: 200, symbolStrokeWidth: 0 },
      },
    },
  };
  const binned = stepsPerRow * positionsPerColumn > 1;
  const cell = binned
    ? ` A cell is ${stepsPerRow} steps by ${positionsPerColumn} positions: one lost position in use makes it a loss; without a loss it is blue if a position is in use, else the mean of its positions.`
    : "";
  return {
    name: `retention-${layer}-${head}`,
    title: `What policies had of layer ${layer}, KV head ${head}`,
    caption: `The attention map above, a panel a policy: blue was read, green held but not read, grey evicted; the stronger the colour, the more attention it draws. A position is in use if a step puts at least ${theta} of its attention there. Losses stand out: red were missed, in use after they were evicted; orange were overlooked, in use and held, but not read.${cell}`,
    spec: chartSpec({
      columns: 2,
      concat: map.policies.map((policy) => {
        const losses = [
          `${integer(sum(policy.missed) / policy.lanes)} missed`,
          ...(sum(policy.overlooked) > 0 ? [`${integer(sum(policy.overlooked) / policy.lanes)} overlooked`] : []),
        ];
        const title = { text: policy.label, subtitle: losses.join(" · ") };
        const width = map.policies.length === 1 ? 720 : 470;
        return mapPanel(map, width, title, (row, column) => cellColor(map, policy, row, column), [legend]);
      }),
    }),
    rows,
  };
}

/** Pairs of a step and a position in each state, and their share of all. */
function stateRows(
  map: AttentionMap,
  policy: RetentionMap,
): { policy: string; state: string; pairs: number; share: number }[] {
  const all = sum(map.pairs);
  const [held, read, missed, overlooked] = [policy.held, policy.read, policy.missed, policy.overlooked].map(
    (matrix) => sum(matrix) / policy.lanes,
  ) as [number, number, number, number];
  const counts = [read, held - read - overlooked, all - held - missed, missed, overlooked];
  return STATES.map(({ state }, i) => ({
    policy: policy.label,
    state,
    pairs: counts[i] as number,
    share: (counts[i] as number) / all,
  }));
}

function cellColor(map: AttentionMap, policy: RetentionMap, row: number, column: number): Color {
  const of = (matrix: readonly (readonly number[])[]): number => matrix[row]?.[column] ?? 0;
  if (of(policy.missed) > 0) return MISSED;
  if (of(policy.overlooked) > 0) return OVERLOOKED;
  const attention = logShare(of(map.attention));
  if (of(map.attention) >= map.theta) return READ(attention); // what is in use here was all read
  const held = of(policy.held);
  if (held === 0) return EVICTED(attention);
  const kept = mix(HELD(attention), READ(attention), of(policy.read) / held);
  return mix(EVICTED(attention), kept, held / (of(map.pairs) * policy.lanes));
}

function sum(matrix: readonly (readonly number[])[]): number {
  return matrix.reduce((total, row) => row.reduce((part, value) => part + value, total), 0);
}
