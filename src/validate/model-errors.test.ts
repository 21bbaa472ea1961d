import { expect, test } from "vitest";
import { InputError } from "../core/check.js";
import { modelErrors } from "./model-errors.js";

const run = (target: string, hardware: string, error: number): object => ({
  target,
  options: { hardware, model: "m" },
  comparisons: [{ metric: "mean_ttft_ms", predicted: 1 + error, measured: 1, error }],
});

test("errors of the runs on a device, those of another engine left out", () => {
  const cases = [
    run("open loop", "h100-sxm", 0.1),
    run("saturated", "h100-sxm", -0.2),
    run("open loop", "a100-sxm-80gb", 0.3),
    run("closed loop, other engine", "h100-sxm", 0.4),
    run("eager, full memory", "h100-sxm", 0.5),
  ];
  expect(modelErrors({ cases, version: "1" }, "h100-sxm", "page")).toEqual({ mean_ttft_ms: [0.1, -0.2] });
  expect(modelErrors({ cases }, "b200", "page")).toEqual({});
});

test("another file is an error that names it", () => {
  for (const page of [null, {}, { cases: [{}] }, { cases: [run("open loop", "h100-sxm", -1)] }]) {
    expect(() => modelErrors(page, "h100-sxm", "page.json")).toThrow(InputError);
    expect(() => modelErrors(page, "h100-sxm", "page.json")).toThrow("page.json: is not a result of raas-sim validate");
  }
});
