import { expect, test } from "vitest";
import { withModelError } from "./model-error.js";
import type { Summary } from "./outcome.js";

const ERRORS = { mean_ttft_ms: [-0.2, -0.1, 0, 0.1, 0.25], p99_ttft_ms: [0.1], mean_itl_ms: [0, 0, 0, 0, 0] };

function found(change: Partial<Summary>, errors: Parameters<typeof withModelError>[1] = ERRORS): Summary {
  const one = {
    policy: "dense",
    profile: { name: "h100-sxm", kind: "fitted", sources: {} },
    metrics: { mean_ttft_ms: 100, p99_ttft_ms: 300, mean_itl_ms: null, output_throughput: 10 },
    saturation: { saturated: false, message: "" },
    notes: ["first"],
  };
  return withModelError({ ...one, ...change } as unknown as Summary, errors, 0.95);
}

test("a band for each figure with enough checked predictions", () => {
  const { model_error_bands: bands, notes } = found({});
  expect(bands).toEqual({ mean_ttft_ms: { interval: [80, 125], cases: 5, coverage: 2 / 3 } });
  expect(notes).toEqual(["first"]);
});

test("none where nothing was checked, which is said: other policies, other devices; none of latencies without steady state", () => {
  const sparse = found({ policy: "raas:budget=512" });
  expect(sparse.model_error_bands).toBeUndefined();
  expect(sparse.notes[1]).toBe("No band of the model's error: no measured run under this policy was checked.");
  expect(found({}, {}).notes[1]).toBe("No band of the model's error: no measured run on h100-sxm was checked.");
  const saturated = { saturated: true, message: "" };
  const errors = { ...ERRORS, output_throughput: [0, 0, 0, 0, 0.25] };
  expect(Object.keys(found({ saturation: saturated }, errors).model_error_bands ?? {})).toEqual(["output_throughput"]);
});
