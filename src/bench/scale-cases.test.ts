import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { costBySize, costs, fleet, recordedLog } from "./scale-cases.js";

/** The cases at a small size: what is simulated must be what the table says, however long it takes. */

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "scale-"))));
afterAll(() => rmSync(folder, { recursive: true }));

test("each round simulates all requests and takes time", async () => {
  const all = await costs(fleet(300, 16), 2);
  expect(all.map(({ requests }) => requests)).toEqual([300, 300]);
  for (const { wallSeconds, cpuSeconds } of all) expect(Math.min(wallSeconds, cpuSeconds)).toBeGreaterThan(0);
});

test("a log is simulated as it is", async () => {
  const path = join(folder, "log.csv");
  const rows = Array.from({ length: 50 }, (_, i) => `${i / 3},${100 + i},${10 + i}`);
  writeFileSync(path, ["arrival_s,prompt_tokens,output_tokens", ...rows].join("\n"));
  expect((await costs(recordedLog(path), 1))[0]?.requests).toBe(50);
});

test("each size has a cost", async () => {
  const found = await costBySize([50, 200]);
  expect([...found.keys()]).toEqual([50, 200]);
  for (const cost of found.values()) expect(cost).toBeGreaterThan(0);
});
