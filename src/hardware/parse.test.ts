import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { InputError } from "../core/check.js";
import { parseProfile } from "./parse.js";
import type { HardwareProfile } from "./profile.js";

const FOLDER = new URL("../../hardware-profiles/", import.meta.url);
const FILES = readdirSync(FOLDER).filter((file) => file.endsWith(".json"));

type Json = Record<string, unknown>;

function read(file: string): Json {
  return JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Json;
}

function parse(json: unknown, path: string): HardwareProfile {
  return parseProfile(json, path, (name) => parse(read(`${name}.json`), `${name}.json`));
}

/** Numbers that stand anywhere but in a { value, source }. */
function bareNumbers(json: unknown, at = ""): string[] {
  if (typeof json === "number") return [at];
  if (typeof json !== "object" || json === null || "source" in json) return [];
  return Object.entries(json).flatMap(([key, value]) => bareNumbers(value, `${at}.${key}`));
}

/** Source keys that are used somewhere. */
function usedSources(json: unknown): string[] {
  if (typeof json !== "object" || json === null) return [];
  const own = "source" in json && typeof json.source === "string" ? [json.source] : [];
  return [...own, ...Object.values(json).flatMap((value) => usedSources(value))];
}

describe("the profiles that come with the package", () => {
  it("are fourteen", () => {
    expect(FILES).toHaveLength(14);
  });

  it.each(FILES)("%s is sound, sourced and named as its file", (file) => {
    const json = read(file);
    const profile = parse(json, file);
    expect(`${profile.name}.json`).toBe(file);
    expect(bareNumbers(json)).toEqual([]);
    const unused = Object.keys(json["sources"] as Json).filter((key) => !usedSources(json).includes(key));
    expect(unused).toEqual([]);
    const bandwidth = profile.bandwidthBytesPerSecond;
    const ridge = profile.peakFlops.bf16 / bandwidth; // FLOP/byte
    expect(ridge).toBeGreaterThan(50);
    expect(ridge).toBeLessThan(1000);
    if (profile.peakFlops.fp8 !== null) expect(profile.peakFlops.fp8 / profile.peakFlops.bf16).toBeCloseTo(2, 1);
    const fillSeconds = profile.memoryBytes / bandwidth; // reading all memory once
    expect(fillSeconds).toBeGreaterThan(0.015);
    expect(fillSeconds).toBeLessThan(0.1);
    expect(profile.memoryBytes / 2 ** 30).toBeGreaterThan(20);
    expect(profile.peakPowerW).toBeGreaterThan(2 * profile.idlePowerW);
    expect(profile.pricePerHour).toBeGreaterThan(0.1);
    expect(profile.pricePerHour).toBeLessThan(20);
    const { ring } = profile.allReduce;
    for (const rate of [ring.bytesPerSecondOf2, ring.bytesPerSecondOf4, ring.bytesPerSecondOf8]) {
      expect(rate).toBeGreaterThan(0.3 * profile.interconnectBytesPerSecond);
      expect(rate).toBeLessThan(1.1 * profile.interconnectBytesPerSecond); // a switch that sums lets bus bandwidth exceed it
    }
    // A block of 128 queries and 128 keys cannot be computed faster than at the peak, nor ten times slower.
    for (const { blockSeconds, headDim } of profile.prefillAttention) {
      const peak = (4 * 128 * 128 * headDim * profile.multiprocessors) / profile.peakFlops.bf16;
      expect(blockSeconds / peak).toBeGreaterThan(1);
      expect(blockSeconds / peak).toBeLessThan(10);
    }
  });
});

describe("a datasheet profile", () => {
  const json = read("h100-pcie.json");
  const lender = parse(read("h100-sxm.json"), "h100-sxm.json");
  it("borrows what it leaves out from the profile it names, and says so", () => {
    const profile = parse(json, "h100-pcie.json");
    expect(profile.gemm).toEqual(lender.gemm);
    const own = profile.peakFlops.bf16 / profile.multiprocessors;
    const others = lender.peakFlops.bf16 / lender.multiprocessors;
    profile.decodeAttention.forEach(({ blockSeconds, launchSeconds }, i) => {
      expect(blockSeconds * own).toBeCloseTo((lender.decodeAttention[i]?.blockSeconds ?? NaN) * others, 0);
      expect(launchSeconds).toBe(lender.decodeAttention[i]?.launchSeconds);
    });
    const link = profile.interconnectBytesPerSecond / lender.interconnectBytesPerSecond;
    expect(profile.allReduce.ring.bytesPerSecondOf8).toBeCloseTo(link * lender.allReduce.ring.bytesPerSecondOf8, 0);
    expect(profile.allReduce.custom).toBeNull(); // PCIe
    expect(profile.notes.at(-1)).toMatch(/^gemm, .*: not measured on this device; efficiencies as fitted on h100-sxm$/);
    expect(profile.sources["efficiencies of h100-sxm"]).toBe(lender.sources["kernels"]);
  });
  it("does not borrow tiles that were searched for on the lender", () => {
    expect(parse(read("a100-sxm-80gb.json"), "a100").moe.bf16.tuned).not.toBeNull();
    expect(parse(read("a40.json"), "a40").moe.bf16.tuned).toBeNull();
  });
  it("keeps what it has", () => {
    const fitted = { ...read("h100-sxm.json"), kind: "datasheet", gemm: undefined, efficienciesOf: "a100-sxm-80gb" };
    const profile = parse(fitted, "x.json");
    expect(profile.moe).toEqual(lender.moe);
    expect(profile.gemm).toEqual(parse(read("a100-sxm-80gb.json"), "a100").gemm);
    expect(profile.notes.at(-1)).toMatch(/^gemm: /);
  });
});

describe("a bad profile", () => {
  const good = read("h100-sxm.json");
  const gemm = good["gemm"] as Json;
  const { interconnectBytesPerSecond: _link, ...unlinked } = read("l4.json");
  const { efficienciesOf: _lender, ...alone } = read("l4.json");
  const bf16 = gemm["bf16"] as Json;
  it.each<[unknown, string]>([
    [7, "bad.json: 7 is not allowed; expected an object of name, title"],
    [{ ...good, colour: "red" }, 'bad.json: "colour" is an unknown key; known are name, title, kind'],
    [{ ...good, gemm: { ...gemm, q: bf16["p"] } }, 'bad.json gemm: "q" is an unknown key; known are bf16, fp8'],
    [{ ...good, idlePowerW: 70 }, 'bad.json idlePowerW: 70 is not allowed; expected { "value": a number, "source"'],
    [{ ...good, idlePowerW: { value: 70 } }, "bad.json idlePowerW.source: is missing; expected a key of sources"],
    [
      { ...good, idlePowerW: { value: 70, source: "hearsay" } },
      '"hearsay" is not allowed; expected a key of sources: data',
    ],
    [
      { ...good, idlePowerW: { value: 70, source: "toString" } },
      'bad.json idlePowerW.source: "toString" is not allowed',
    ],
    [
      { ...good, idlePowerW: { value: 70, source: "idle", unit: "W" } },
      '"unit" is an unknown key; known are value, source',
    ],
    [
      { ...good, idlePowerW: { value: 900, source: "idle" } },
      "idlePowerW: 900 is not allowed; expected at most peakPowerW",
    ],
    [{ ...good, memoryBytes: undefined }, 'bad.json memoryBytes: is missing; expected { "value"'],
    [
      { ...good, memoryBytes: { value: "80GB", source: "memory" } },
      'memoryBytes.value: "80GB" is not allowed; expected a number',
    ],
    [
      { ...good, memoryBytes: { value: -1, source: "memory" } },
      "memoryBytes.value: -1 is not allowed; expected a number above 0",
    ],
    [
      { ...good, gpusPerNode: { value: 1.5, source: "idle" } },
      "gpusPerNode.value: 1.5 is not allowed; expected a whole number",
    ],
    [
      { ...good, gemm: { ...gemm, bf16: { ...bf16, p: { value: 0.5, source: "idle" } } } },
      "gemm.bf16.p.value: 0.5 is not allowed; expected a number from 1",
    ],
    [{ ...good, kind: "guessed" }, 'kind: "guessed" is not allowed; expected one of datasheet, fitted, measured'],
    [{ ...good, gemm: undefined }, 'bad.json gemm: is missing; a profile of kind "fitted" may not leave it out'],
    [{ ...good, sources: undefined }, "bad.json sources: is missing; expected an object of source keys"],
    [unlinked, 'bad.json interconnectBytesPerSecond: is missing; expected { "value"'],
    [alone, "bad.json efficienciesOf: is missing; expected the name of a fitted profile, for gemm"],
    [{ ...good, efficienciesOf: "h200" }, "bad.json efficienciesOf: is not allowed where nothing is left out"],
  ])("%# is refused in words", (json, message) => {
    const parsing = () => parse(json, "bad.json");
    expect(parsing).toThrow(InputError);
    expect(parsing).toThrow(message);
  });
});
