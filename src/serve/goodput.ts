import { InputError } from "../core/check.js";

/** Latency goals a request must meet to count, in milliseconds. */
export type Goals = Readonly<Partial<Record<GoalMetric, number>>>;
const METRICS = ["ttft", "tpot", "itl", "e2el"] as const;
type GoalMetric = (typeof METRICS)[number];

/** Parses vLLM's form, "ttft:200 tpot:50". */
export function parseGoals(text: string): Goals {
  const goals: Partial<Record<GoalMetric, number>> = {};
  for (const part of text.split(/[\s,]+/).filter((word) => word !== "")) {
    const [name, value, ...rest] = part.split(":");
    const metric = METRICS.find((known) => known === name);
    const ms = Number(value);
    if (metric === undefined || rest.length > 0 || value === "" || !(ms > 0) || ms === Infinity) {
      throw new InputError("goodput", `"${part}" is not a goal; write METRIC:MILLISECONDS with ${METRICS.join(", ")}`);
    }
    goals[metric] = ms;
  }
  if (Object.keys(goals).length === 0) throw new InputError("goodput", "no goal given; write e.g. ttft:2000 tpot:50");
  return goals;
}
