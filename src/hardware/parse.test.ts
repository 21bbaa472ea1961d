import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { InputError } from "../core/check.js";
import { GENERIC_KEY, GENERIC_NOTE } from "./datasheet.js";
import { parseProfile } from "./parse.js";

const FOLDER = new URL("../../hardware-profiles/", import.meta.url);
const FILES = readdirSync(FOLDER).filter((file) => file.endsWith(".json"));

type Json = Record<string, unknown>;

function read(file: string): Json {
  return JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Json;
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
  it("are thirteen", () => {
    expect(FILES).toHaveLength(13);
  });

  it.each(FILES)("%s is sound, sourced and named as its file", (file) => {
    const json = read(file);
    const profile = parseProfile(json, file);
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
    expect(profile.allReduce.bytesPerSecond).toBeLessThan(bandwidth);
    expect(profile.gemm.fixedSeconds).toBeGreaterThan(1e-6);
    expect(profile.gemm.fixedSeconds).toBeLessThan(1e-5);
    // 100 MB of KV cannot be read faster than the peak, nor five times slower.
    const attention = profile.decodeAttention;
    const share = 1e8 / bandwidth / (attention.coefficient * 100 ** attention.exponent);
    expect(share).toBeGreaterThan(0.5);
    expect(share).toBeLessThan(1);
  });
});

describe("a datasheet profile", () => {
  const json = read("h200.json");
  it("takes generic efficiencies for what it leaves out, and says so", () => {
    const profile = parseProfile(json, "h200.json");
    expect(profile.gemm).toEqual({ computeEfficiency: 0.72, bandwidthEfficiency: 0.85, p: 1.5, fixedSeconds: 3e-6 });
    expect(profile.decodeAttention.coefficient).toBeCloseTo((2.18 * 1e6) / 4.8e12, 15);
    expect(profile.allReduce.bytesPerSecond).toBeCloseTo(0.65 * 450e9, 0);
    expect(profile.notes.at(-1)).toContain(GENERIC_NOTE);
    expect(profile.sources[GENERIC_KEY]).toContain("aiconfigurator 095f58a5");
  });
  it("keeps what it has", () => {
    const fitted = read("h100-sxm.json");
    const profile = parseProfile({ ...fitted, kind: "datasheet", gemm: undefined }, "x.json");
    expect(profile.decodeAttention.coefficient).toBe(0.639e-6);
    expect(profile.gemm.p).toBe(1.5);
    expect(profile.notes).toEqual([`${GENERIC_NOTE}: gemm`]);
  });
  it("generic efficiencies are near the fitted ones", () => {
    for (const file of ["h100-sxm.json", "a100-sxm-80gb.json"]) {
      const fitted = parseProfile(read(file), file);
      const generic = parseProfile(
        { ...read(file), kind: "datasheet", gemm: undefined, decodeAttention: undefined },
        file,
      );
      const ratio = generic.decodeAttention.coefficient / fitted.decodeAttention.coefficient;
      expect(Math.abs(ratio - 1)).toBeLessThan(0.03);
      expect(Math.abs(generic.gemm.computeEfficiency / fitted.gemm.computeEfficiency - 1)).toBeLessThan(0.05);
    }
  });
});

describe("a bad profile", () => {
  const good = read("h100-sxm.json");
  const gemm = good["gemm"] as Json;
  const { interconnectBytesPerSecond: _link, ...unlinked } = read("l4.json");
  it.each<[unknown, string]>([
    [7, "bad.json: 7 is not allowed; expected an object of name, title"],
    [{ ...good, colour: "red" }, 'bad.json: "colour" is an unknown key; known are name, title, kind'],
    [{ ...good, gemm: { ...gemm, q: gemm["p"] } }, 'bad.json gemm: "q" is an unknown key; known are computeEfficiency'],
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
      { ...good, gemm: { ...gemm, p: { value: 0.5, source: "idle" } } },
      "gemm.p.value: 0.5 is not allowed; expected a number from 1",
    ],
    [{ ...good, kind: "guessed" }, 'kind: "guessed" is not allowed; expected one of datasheet, fitted, measured'],
    [{ ...good, gemm: undefined }, 'bad.json gemm: is missing; only a profile of kind "datasheet" may leave it out'],
    [{ ...good, sources: undefined }, "bad.json sources: is missing; expected an object of source keys"],
    [unlinked, "bad.json interconnectBytesPerSecond: is missing; expected byte/s in one direction"],
  ])("%# is refused in words", (json, message) => {
    const parse = () => parseProfile(json, "bad.json");
    expect(parse).toThrow(InputError);
    expect(parse).toThrow(message);
  });
});
