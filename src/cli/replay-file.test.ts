import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { replayFile } from "./replay-file.js";
import { resolvePolicies } from "./resolve.js";

/** The recording of the package, through threads, and what is written of it. */

const folder = mkdtempSync(join(tmpdir(), "raas-sim-replay-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const OUTSIDE = `import { RangeSet } from "RANGE_SET";
const line = (now) => ({ now, perStep: 1 });
export default {
  title: "keeps all, and reads the first token from a step on, against the law", source: "test",
  parameters: { lawful: { kind: "integer", default: 1000, min: 0, max: 1000, help: "steps within the law" } },
  create: ({ lawful }) => ({
    label: "Outside", indexPageTokens: 0, notes: [],
    work: { materialisesScores: false, representativeShare: 0, selects: false, compressEverySteps: 0, comparesKeys: false },
    footprint: ({ prompt, generated }) => ({
      resident: line(prompt + generated), read: line(prompt + generated), scored: { now: 0, perStep: 0 }, steadyFor: Infinity,
    }),
    lanes: {
      needs: ["attention"], group: "kv-head", observes: false, lookback: 0,
      start({ promptTokens }) {
        const held = RangeSet.of([0, promptTokens]);
        const select = ({ step, position }) => (held.push(position), step < lawful ? held : RangeSet.of([0, 1]));
        return { held, select, update() {} };
      },
    },
  }),
};`;
const outside = join(folder, "outside.mjs");
writeFileSync(outside, OUTSIDE.replace("RANGE_SET", new URL("../../dist/core/range-set.js", import.meta.url).href));

const partial = (): string[] => readdirSync(folder).filter((name) => name.includes("partial"));
const PART = { layers: [14, 21], heads: [0, 2], toStep: 70 };

test("result and selections are the same bytes whatever the number of threads", async () => {
  const policies = await resolvePolicies([
    "raas:budget=64,tova:budget=64,h2o:budget=32,headGroup=queryHead,random:budget=64,pyramidkv:budget=64",
    outside,
  ]);
  const found: string[] = [];
  for (const workers of [undefined, 1, 3]) {
    const selections = join(folder, `selections-${workers ?? "here"}.jsonl`);
    const result = await replayFile("bakery-2.2k", policies, PART, { workers, selections });
    found.push(JSON.stringify(result) + readFileSync(selections, "utf8"));
  }
  expect(found[0]?.length).toBeGreaterThan(100_000);
  expect(found[1] === found[0]).toBe(true);
  expect(found[2] === found[0]).toBe(true);
  expect(partial()).toEqual([]);
});

interface Line {
  readonly policy?: string;
  readonly layer: number;
  readonly head: number;
  readonly queryHead?: number;
  readonly step: number;
}

test("selections come policy by policy, then by layer, head, query head and step", async () => {
  const policies = await resolvePolicies(["streaming-llm:budget=32,h2o:budget=32,headGroup=queryHead,tova:budget=32"]);
  const path = join(folder, "ordered.jsonl");
  const heads = [0, 2];
  await replayFile("bakery-2.2k", policies, { heads, fromStep: 3, toStep: 6 }, { selections: path });
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  const expected = policies.flatMap(({ name }) =>
    [14, 21, 23].flatMap((layer) =>
      heads.flatMap((head) =>
        (name.startsWith("h2o") ? [0, 1, 2].map((i) => 3 * head + i) : [undefined]).flatMap((queryHead) =>
          [3, 4, 5].map((step): Line => ({
            policy: name,
            layer,
            head,
            ...(queryHead === undefined ? {} : { queryHead }),
            step,
          })),
        ),
      ),
    ),
  );
  const found = lines.map((line) => {
    const { kept: _, read: __, ...place } = JSON.parse(line) as Line & { kept: unknown; read: unknown };
    return place;
  });
  expect(found).toEqual(expected);
});

test("one policy's lines do not name it", async () => {
  const path = join(folder, "single.jsonl");
  const policies = await resolvePolicies("streaming-llm:budget=200,sinks=2");
  await replayFile("bakery-2.2k", policies, { layers: [14], heads: [1], toStep: 6 }, { selections: path });
  expect(readFileSync(path, "utf8").split("\n").slice(3, 6)).toEqual([
    '{"layer":14,"head":1,"step":3,"kept":[[0,200]],"read":[[0,200]]}',
    '{"layer":14,"head":1,"step":4,"kept":[[0,2],[3,201]],"read":[[0,201]]}',
    '{"layer":14,"head":1,"step":5,"kept":[[0,2],[4,202]],"read":[[0,2],[3,202]]}',
  ]);
});

test("a replay that fails leaves what was there, and nothing else", async () => {
  const path = join(folder, "kept.jsonl");
  writeFileSync(path, "as it was");
  const policies = await resolvePolicies([`${outside}:lawful=20`]);
  for (const workers of [undefined, 2]) {
    const failing = replayFile("bakery-2.2k", policies, PART, { workers, selections: path });
    await expect(failing).rejects.toThrow(/outside\.mjs.*does not read up to the newest token at step 20/);
    await expect(failing).rejects.toHaveProperty("name", "InputError");
  }
  expect(readFileSync(path, "utf8")).toBe("as it was");
  expect(partial()).toEqual([]);
  const under = join(path, "out.jsonl");
  await expect(replayFile("bakery-2.2k", policies, PART, { selections: under })).rejects.toThrow(
    `${under}: cannot be written: ${path} is a file, not a folder`,
  );
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const)("a replay ended by %s leaves nothing", async (signal, exitCode) => {
  const main = fileURLToPath(new URL("../../dist/bin/main.js", import.meta.url));
  const path = join(folder, "interrupted.jsonl");
  const budgets = Array.from({ length: 40 }, (_, i) => 16 * (i + 1)).join("|");
  const args = ["replay", "bakery-2.2k", "--policy", `h2o:budget=${budgets}`, "--selections", path];
  const child = spawn(process.execPath, [main, ...args]);
  const ended = once(child, "exit");
  for (let waited = 0; waited < 30_000 && partial().length === 0; waited += 20) await setTimeout(20);
  expect(partial().length).toBe(1);
  await setTimeout(200);
  child.kill(signal);
  expect((await ended)[0]).toBe(exitCode);
  expect(partial()).toEqual([]);
  expect(existsSync(path)).toBe(false);
});
