import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { MODELS } from "../model/shapes.js";
import { profilePath, resolveProfile } from "./resolve.js";
import { showing } from "./show.js";

const folder = mkdtempSync(join(tmpdir(), "raas-sim-show-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}
const ours = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const shown = async (name: string): Promise<unknown> => JSON.parse(await showing(name)) as unknown;

test("a path is shown as the built-in thing of its kind is", async () => {
  const profile = join(folder, "own.json");
  copyFileSync(profilePath("l40s"), profile);
  expect(await shown(profile)).toEqual(JSON.parse(JSON.stringify(resolveProfile("l40s"))));
  expect(await shown(ours("workloads/chat.json"))).toEqual(await shown("chat"));
  expect(await shown(ours("workloads/bakery-2.2k.attn.safetensors"))).toEqual(await shown("bakery-2.2k"));
  expect(await shown("Qwen/Qwen3-14B")).toMatchObject({ name: MODELS["qwen3-14b"]?.name });
  const config = { model_type: "llama", num_hidden_layers: 2, hidden_size: 64, intermediate_size: 128 };
  const rest = { num_attention_heads: 4, vocab_size: 100, max_position_embeddings: 512 };
  expect(await shown(file("config.json", JSON.stringify({ ...config, ...rest })))).toMatchObject({ layers: 2 });
});

test("a scenario is shown with its defaults, several deployments each by itself", async () => {
  expect(await shown(ours("workloads/demo.yaml"))).toMatchObject({ hardware: "h100-sxm", seed: 1, replicas: 1 });
  const two = "model: qwen3-8b\nhardware: l40s\nworkload: chat\ndeployments:\n  - name: a\n  - name: b\n    tp: 2\n";
  expect(await shown(file("two.yaml", two))).toMatchObject([
    { name: "a", options: { tp: 1 } },
    { name: "b", options: { tp: 2 } },
  ]);
});

test("a policy of one's own is shown with its parameters", async () => {
  const work =
    "{ materialisesScores: false, selects: false, comparesKeys: false, compressEverySteps: 0, representativeShare: 0 }";
  const text = `export default { title: "t", source: "by hand",
    parameters: { budget: { kind: "integer", default: 8, min: 1, max: 9, help: "h" } },
    create: () => ({ label: "Mine", notes: [], indexPageTokens: 0, work: ${work}, footprint: () => null }) };`;
  expect(await shown(file("mine.mjs", text))).toMatchObject({
    label: "Mine",
    source: "by hand",
    parameters: { budget: 8 },
  });
});

test.each([
  ["nosuch", '"nosuch" is not known; see raas-sim list models, .*, or give the path of a file'],
  ["./nosuch.json", "^./nosuch.json: no such file$"],
  [".", "raas-sim workload info \\.$"],
  ["some.csv.gz", "raas-sim workload info some.csv.gz$"],
])("%s: what to do instead", async (name, message) => {
  await expect(showing(name)).rejects.toThrow(new RegExp(message));
});

test("a file of no known kind is told what kinds there are; a broken one is named", async () => {
  await expect(showing(file("odd.json", '{"a": 1}'))).rejects.toThrow(
    /odd.json: is not recognised; a profile has peak/,
  );
  await expect(showing(file("half.json", '{"peakFlops": 1}'))).rejects.toThrow(/half.json/);
  await expect(showing(file("list.json", "[1]"))).rejects.toThrow(/list.json: is not a mapping/);
});
