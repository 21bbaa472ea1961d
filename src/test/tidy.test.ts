import { readdirSync, readFileSync } from "node:fs";
import { dirname, extname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

/** The house rules, kept by a test: who may import whom, how long files are, which calls are banned, nothing dead. */

const ROOT = resolve(import.meta.dirname, "..");

/** Folder → folders it may import; its own is always allowed. `test` may import all. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  model: ["core"],
  hardware: ["core"],
  workload: ["core"],
  trace: ["core"],
  policy: ["core", "model", "trace"],
  attention: ["core", "trace"],
  replay: ["core", "trace", "attention", "policy"],
  cost: ["core", "model", "hardware"],
  calibrate: ["core", "model", "hardware", "cost"],
  statistics: ["core"],
  serve: ["core", "model", "policy", "cost", "workload", "hardware", "statistics"],
  validate: ["core", "model", "hardware", "policy", "workload", "serve"],
  report: ["core", "workload", "serve", "replay", "attention", "trace", "validate"],
  cli: [
    "core",
    "model",
    "hardware",
    "policy",
    "workload",
    "trace",
    "attention",
    "replay",
    "cost",
    "calibrate",
    "serve",
    "validate",
    "report",
  ],
  bench: ["core", "trace", "attention", "policy", "calibrate", "replay", "serve", "validate", "report", "cli"],
};
const MAX_LINES = 300;
/** The clock belongs to the command line and the benchmarks; chance belongs to seeded streams. */
const BANNED = /Math\.random|Date\.now|performance\.now/;

interface SourceFile {
  readonly path: string; // relative to src
  readonly folder: string;
  readonly text: string;
  readonly imports: readonly string[]; // relative to src
}

const files: readonly SourceFile[] = readdirSync(ROOT, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => path.replaceAll("\\", "/"))
  .map((path) => {
    const text = readFileSync(join(ROOT, path), "utf8");
    const found = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map((match) => match[1] as string);
    const imports = found.map((to) => {
      const at = relative(ROOT, resolve(ROOT, dirname(path), to));
      return extname(at) === "" ? `${at}.ts` : at.replace(/\.js$/, ".ts"); // AssemblyScript leaves the ending out
    });
    return { path, folder: path.includes("/") ? (path.split("/")[0] as string) : "", text, imports };
  });

const isTest = ({ path, folder }: SourceFile): boolean => path.endsWith(".test.ts") || folder === "test";

test("there are files to look at", () => {
  expect(files.length).toBeGreaterThan(50);
  expect(files.flatMap((file) => file.imports).length).toBeGreaterThan(100);
});

test("folders import only what they may", () => {
  const wrong = files
    .filter((file) => !isTest(file) && file.folder !== "" && file.folder !== "test")
    .flatMap(({ path, folder, imports }) =>
      imports
        .map((to) => to.split("/")[0] as string)
        .filter((to) => to !== folder && MAY_IMPORT[folder]?.includes(to) !== true)
        .map((to) => `${path} imports ${to}`),
    );
  expect(wrong).toEqual([]);
});

test("reports see only types of what they draw", () => {
  const wrong = files
    .filter(({ folder, path }) => folder === "report" && !path.endsWith(".test.ts"))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/^import (?!type)[^;]*"\.\.\/(?:\.\.\/)?(?:serve|workload)\//gm)].map(
        () => `${path} imports more than types`,
      ),
    );
  expect(wrong).toEqual([]);
});

test("files are short", () => {
  const long = files
    .map(({ path, text }) => ({ path, lines: text.split("\n").length }))
    .filter(({ lines }) => lines > MAX_LINES);
  expect(long).toEqual([]);
});

test("no clock and no unseeded chance outside the command line and benchmarks", () => {
  const wrong = files
    .filter(({ folder, path }) => folder !== "cli" && folder !== "bench" && path !== "test/tidy.test.ts")
    .filter(({ text }) => BANNED.test(text))
    .map(({ path }) => path);
  expect(wrong).toEqual([]);
});

test("every file is imported by another, or is an entry", () => {
  const imported = new Set(files.flatMap(({ imports }) => imports));
  const entries = new Set([
    "index.ts",
    "cli/main.ts",
    "cli/bundle.ts",
    "bench/main.ts",
    "bench/usage.ts",
    "bench/gpu.ts",
    "cli/replay-worker.ts", // of threads
    "cli/serve-worker.ts",
    "test/write-reports.ts",
    "attention/assembly/kernel.ts", // compiled to WebAssembly
    "vitest.config.ts",
  ]);
  const dead = files.filter(({ path }) => !path.endsWith(".test.ts") && !imported.has(path) && !entries.has(path));
  expect(dead.map(({ path }) => path)).toEqual([]);
});

test("only the readers and writers of the command line touch files", () => {
  const allowed = new Set(["report/runtime.ts", "report/png.ts", "attention/wasm-kernel.ts"]);
  const wrong = files
    .filter((file) => !isTest(file) && !["cli", "bench", ""].includes(file.folder) && !allowed.has(file.path))
    .filter(({ text }) => /"node:fs"|"node:child_process"/.test(text));
  expect(wrong.map(({ path }) => path)).toEqual([]);
});
