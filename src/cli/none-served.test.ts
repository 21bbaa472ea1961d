import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "raas-sim-none-"));
afterAll(() => rmSync(folder, { recursive: true }));

function command(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const main = new URL("../../dist/bin/main.js", import.meta.url).pathname;
  return spawnSync(process.execPath, [main, ...args], { encoding: "utf8" });
}

const MODEL = ["--model", "llama-3.1-8b", "--hardware", "h100-sxm", "--request-rate", "1", "--num-requests", "3"];
const LONG = [...MODEL, "--input-len", "9000", "--output-len", "5"];
const SAID = "Dense: NO REQUEST WAS SERVED: 3 refused, as their prompts leave no room in";

test.each([
  [["--max-model-len", "4096"], `${SAID} 4096 tokens of context`],
  [["--num-gpu-blocks-override", "100"], `${SAID} 1600 tokens of context`],
  [["--max-model-len", "4096", "--warmup", "1"], `${SAID} 4096 tokens of context`],
  [["--client-timeout", "0.001"], "Dense: NO REQUEST WAS SERVED: 3 given up by clients"],
] as const)("serve with %j: nobody is served, which is printed, said and an error", (options, message) => {
  for (const form of [[], ["--json"]]) {
    const { status, stdout, stderr } = command("serve", ...LONG, ...options, ...form);
    expect([status, stderr]).toEqual([2, `raas-sim: ${message}\n`]);
    expect(stdout).toMatch(form.length === 0 ? /^Requests completed +0$/m : /"completed": 0,/);
  }
});

test("compare says which policy served nobody; its files are written all the same", () => {
  const out = join(folder, "out");
  const options = ["--max-model-len", "4096", "--policy", "dense,raas:budget=512", "--out", out];
  const { status, stderr } = command("compare", ...LONG, ...options);
  expect(status).toBe(2);
  expect(stderr).toContain(`raas-sim: ${SAID} 4096`);
  expect(existsSync(join(out, "report.html"))).toBe(true);
});

test("one request that is served is enough", () => {
  const log = ["--workload", "chat", "--max-model-len", "300", "--seed", "2"];
  const { status, stdout } = command("serve", ...MODEL.slice(0, -1), "40", ...log, "--json");
  const { completed, failed } = JSON.parse(stdout) as Record<string, number>;
  expect([status, Number(completed) > 0, Number(failed) > 0]).toEqual([0, true, true]);
});
