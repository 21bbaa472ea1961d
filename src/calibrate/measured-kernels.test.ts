import { existsSync, readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { resolveProfile } from "../cli/resolve.js";
import { allReduceForm } from "./all-reduce-form.js";
import { decodeAttentionForm } from "./decode-attention-form.js";
import { fitProfile } from "./fit-profile.js";
import { readKernelTable } from "./kernel-tables.js";
import type { OperatorForm, Values } from "./operator-form.js";
import { prefillAttentionForm } from "./prefill-attention-form.js";
import type { KernelSample } from "./sample.js";

/** The committed profiles against the published tables they were fitted to, where these are at hand. */

const TABLES = new URL("../../../shared/measured/kernels/", import.meta.url);

function samplesOf(device: string): readonly KernelSample[] {
  return readdirSync(TABLES)
    .filter((name) => name.startsWith(device) && /\.(vllm-0\.1[49]|nccl)/.test(name))
    .flatMap((name) => readKernelTable(gunzipSync(readFileSync(new URL(name, TABLES))).toString(), name));
}

const PROFILES = ["a100_sxm/a100-sxm-80gb", "h100_sxm/h100-sxm"];

describe.skipIf(!existsSync(TABLES))("published kernel tables", () => {
  test.each(PROFILES)("%s: the profile predicts as well as it says", (both) => {
    const [prefix = "", name = ""] = both.split("/");
    const profile = resolveProfile(name);
    const samples = samplesOf(prefix);
    let compared = 0;
    const check = <S extends KernelSample>(form: OperatorForm<S>, values: object): void => {
      const stated = profile.fits.find(({ operator }) => operator === form.name);
      const predicted = form.predictor(profile, values as Values);
      const errors = samples.filter(form.takes).map((sample) => Math.abs(predicted(sample) / sample.seconds - 1));
      const mape = (100 * errors.reduce((sum, error) => sum + error, 0)) / errors.length;
      expect(Math.abs(mape - (stated?.mapePercent ?? NaN)), form.name).toBeLessThan(1.5); // all shapes; stated: those held out
      compared++;
    };
    for (const kernel of profile.decodeAttention)
      check(decodeAttentionForm(kernel.kernel, kernel.headDim, kernel.kvFormat), kernel);
    for (const kernel of profile.prefillAttention)
      check(prefillAttentionForm(kernel.kernel, kernel.headDim, kernel.kvFormat), kernel);
    check(allReduceForm("ring"), profile.allReduce.ring);
    expect(compared).toBeGreaterThanOrEqual(3);
  });

  test.each(PROFILES)(
    "%s: fitted again, decode attention and all-reduce have the parameters and held-out errors of the profile",
    (both) => {
      const [prefix = "", name = ""] = both.split("/");
      const profile = resolveProfile(name);
      const samples = samplesOf(prefix).filter(({ operator }) => /decode-attention|all-reduce/.test(operator));
      const { fits, json } = fitProfile({}, profile, samples, { holdout: 0.5, seed: 0, source: "" }, () => undefined);
      expect(fits.map(({ operator }) => operator)).toContain("all-reduce ring");
      expect(fits.filter(({ operator }) => operator.startsWith("decode-attention")).length).toBeGreaterThan(0);
      for (const fit of fits) {
        const stated = profile.fits.find(({ operator }) => operator === fit.operator);
        expect(stated, fit.operator).toEqual(fit);
      }
      expect(valuesOf(json["decodeAttention"])).toEqual(profile.decodeAttention);
      expect(valuesOf(json["allReduce"])).toEqual(profile.allReduce);
    },
    120_000,
  );
});

/** A profile's numbers without their sources. */
function valuesOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(valuesOf);
  if (typeof value !== "object" || value === null) return value;
  if ("source" in value && "value" in value) return value.value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, valuesOf(each)]));
}
