import { SeriesSample } from "../core/quantile.js";
import { requestTimes } from "./metrics.js";
import type { TenantFigures } from "./outcome.js";
import type { Scenario } from "./scenario.js";
import type { ServeResult } from "./serve.js";

/** What each tenant of the workload got; undefined if it has none. */
export function tenantFigures({ workload }: Scenario, result: ServeResult): readonly TenantFigures[] | undefined {
  return workload.tenants?.map(({ name, priority }) => {
    const ttft = new SeriesSample();
    const e2el = new SeriesSample();
    let sent = 0;
    let cut = 0;
    result.requests.specs.forEach((spec, id) => {
      if (spec.tenant !== name) return;
      sent++;
      const times = requestTimes(result, id);
      if (times === undefined) return;
      ttft.add(times.ttft, 0, 1, 1);
      e2el.add(times.e2el, 0, 1, 1);
      if (spec.cutTokens !== undefined) cut++;
    });
    const ms = (sample: SeriesSample, share: number): number | null =>
      sample.count === 0 ? null : sample.quantile(share) * 1000;
    return {
      tenant: name,
      priority,
      completed: e2el.count,
      failed: sent - e2el.count,
      p50_ttft_ms: ms(ttft, 0.5),
      p99_ttft_ms: ms(ttft, 0.99),
      p50_e2el_ms: ms(e2el, 0.5),
      p99_e2el_ms: ms(e2el, 0.99),
      thinking_budget_met: cut,
    };
  });
}
