import type { Sample } from "../core/quantile.js";
import type { RequestSpec, Tenant } from "../workload/workload.js";
import type { TenantFigures } from "./outcome.js";
import { CANCELLED, REFUSED, type RequestTimes } from "./request-table.js";

/** Sums and distributions of each tenant's requests; latencies in seconds. */
export class TenantTally {
  readonly #tenants = new Map<string, OneTenant>();
  readonly #sample: () => Sample;

  constructor(sample: () => Sample) {
    this.#sample = sample;
  }

  /** Adds a request that has ended, with its times, or why it has none. */
  add({ tenant, cutTokens }: RequestSpec, times: RequestTimes | typeof REFUSED | typeof CANCELLED): void {
    if (tenant === undefined) return;
    let one = this.#tenants.get(tenant);
    if (one === undefined) {
      one = { ttft: this.#sample(), e2el: this.#sample(), refused: 0, cancelled: 0, cut: 0 };
      this.#tenants.set(tenant, one);
    }
    if (times === REFUSED) one.refused++;
    else if (times === CANCELLED) one.cancelled++;
    if (typeof times === "number") return;
    one.ttft.add(times.ttft, 0, 1, 1);
    one.e2el.add(times.e2el, 0, 1, 1);
    if (cutTokens !== undefined) one.cut++;
  }

  figures({ name, priority }: Tenant): TenantFigures {
    const one = this.#tenants.get(name);
    const ms = (sample: Sample | undefined, share: number): number | null =>
      sample === undefined || sample.count === 0 ? null : (sample.quantiles([share])[0] as number) * 1000;
    return {
      tenant: name,
      priority,
      completed: one?.e2el.count ?? 0,
      failed: one?.refused ?? 0,
      cancelled: one?.cancelled ?? 0,
      p50_ttft_ms: ms(one?.ttft, 0.5),
      p99_ttft_ms: ms(one?.ttft, 0.99),
      p50_e2el_ms: ms(one?.e2el, 0.5),
      p99_e2el_ms: ms(one?.e2el, 0.99),
      thinking_budget_met: one?.cut ?? 0,
    };
  }
}

interface OneTenant {
  readonly ttft: Sample;
  readonly e2el: Sample;
  refused: number;
  cancelled: number;
  cut: number; // by a thinking budget
}
