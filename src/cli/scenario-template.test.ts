import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { checkOptions, OPTION_NAMES } from "./options.js";
import { readScenarioFile } from "./scenario-file.js";
import { scenarioTemplate } from "./scenario-template.js";
import { jsonSchema, SCHEMA_NAMES } from "./schemas.js";

const folder = mkdtempSync(join(tmpdir(), "raas-sim-template-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function options(text: string): Promise<ReturnType<typeof checkOptions>> {
  const path = join(folder, "scenario.yaml");
  writeFileSync(path, text);
  const file = await readScenarioFile(path);
  return checkOptions(file.values, (key) => file.position(key));
}

describe("a new scenario file", () => {
  const text = scenarioTemplate();
  const lines = text.split("\n");

  test("is a scenario, and its defaults are those of an empty one", async () => {
    const found = await options(text);
    expect(found.model).toBe("r1-distill-llama-8b");
    // With every default written out, nothing changes: what the comments promise is so.
    const uncommented = lines.map((line) => (/^#[a-z-]+: \S/.test(line) ? line.slice(1) : line)).join("\n");
    expect(uncommented).not.toBe(text);
    expect(await options(uncommented)).toEqual(found);
  });

  test("names every option once, each under what it means", () => {
    const named = lines.flatMap((line) => /^#?([a-z-]+):( |$)/.exec(line)?.[1] ?? []);
    expect(named).toEqual(OPTION_NAMES);
    lines.forEach((line, i) => {
      if (/^#?[a-z-]+:( |$)/.test(line)) expect(lines[i - 1]).toMatch(/^# \S/);
    });
  });
});

describe("schemas", () => {
  const file = (path: string): unknown => {
    const text = readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
    return path.endsWith(".yaml") ? parse(text) : JSON.parse(text);
  };
  const EXAMPLES = {
    scenario: "workloads/demo.yaml",
    workload: "workloads/reasoning-production.json",
    hardware: "hardware-profiles/h100-sxm.json",
  } as const;

  test.each(SCHEMA_NAMES)("%s: a file that comes along is valid; an unknown key and a wrong type are not", (name) => {
    const validate = new Ajv2020({ strict: false }).compile(jsonSchema(name));
    const good = file(EXAMPLES[name]) as Record<string, unknown>;
    expect(validate(good), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...good, unheard: 1 })).toBe(false);
    const [key] = Object.keys(good) as [string];
    expect(validate({ ...good, [key]: [[]] })).toBe(false);
  });

  test("the template's own values are valid", () => {
    expect(new Ajv2020({ strict: false }).validate(jsonSchema("scenario"), parse(scenarioTemplate()))).toBe(true);
  });
});
