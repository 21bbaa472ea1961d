import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { fileProblem } from "./file-problem.js";

const folder = mkdtempSync(join(tmpdir(), "raas-sim-files-"));
afterAll(() => rmSync(folder, { recursive: true }));
const plain = join(folder, "plain.csv");
writeFileSync(plain, "a name,\nand another line\n");

function command(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const main = new URL("../../dist/bin/main.js", import.meta.url).pathname;
  return spawnSync(process.execPath, [main, ...args], { encoding: "utf8" });
}

test.each(["EACCES", "EROFS", "ENOSPC", "EMFILE", "ENOENT", "EISDIR", "ENOTDIR", "ELOOP", "ENAMETOOLONG"])(
  "%s is put into words",
  (code) => {
    const cause = Object.assign(new Error(`${code}: as the system says it, open '/x'`), { code });
    for (const aim of ["read", "write"] as const)
      expect(fileProblem(cause, aim)).not.toMatch(/E[A-Z]{4}|as the system/);
  },
);

const MODEL = ["--model", "llama-3.1-8b"];
const LENGTHS = ["--input-len", "5", "--output-len", "5"];
const under = join(plain, "x.json");

test.each([
  [["workload", "info", join(plain, "x.csv")], `${join(plain, "x.csv")}: a part of its path is a file, not a folder`],
  [["workload", "convert", under, "-o", join(folder, "o.csv")], `${under}: a part of its path is a file, not a folder`],
  [["serve", "--scenario", under], `${under}: a part of its path is a file, not a folder`],
  [["serve", "--scenario", folder], `${folder}: is a folder, not a file`],
  [["trace", "info", folder], `${folder}: is a folder, not a file`],
  [["init", under], `${plain}: cannot be written: ${plain} is a file, not a folder`],
  [["serve", ...MODEL, "--hardware", plain, ...LENGTHS], `${plain}: is not JSON: Unexpected token`],
  [["trace", "synth", "-o", under], `${under}: cannot be written: ${plain} is a file, not a folder`],
] as const)("%j: one line that says what is wrong", (args, message) => {
  const { status, stderr } = command(...args);
  expect(status).toBe(2);
  expect(stderr.startsWith(`raas-sim: ${message}`), stderr).toBe(true);
  expect(stderr.trimEnd()).not.toContain("\n");
});

test("the commands that a message lists are those of the help", () => {
  const help = command("--help").stdout;
  const known = [...help.matchAll(/^ {2}raas-sim (\w+)/gm)].map((match) => match[1] as string);
  const listed = /commands are (.*)\n$/.exec(command("nosuch").stderr)?.[1]?.split(", ");
  expect(listed?.toSorted()).toEqual(known.toSorted());
});

test.each([
  [["nosuch"], '"nosuch" is no command; commands are serve, compare, replay,'],
  [["srve", ...MODEL], '"srve" is no command; commands are serve, compare, replay,'],
  [["serve", "--modle", "x"], "Unknown argument: modle; see raas-sim serve --help"],
  [["trace", "nosuch"], "Unknown argument: nosuch; see raas-sim trace --help"],
  [["show"], "show needs an argument; see raas-sim show --help"],
  [["workload", "info"], "workload info needs an argument; see raas-sim workload info --help"],
  [["validate", "--measured"], "--measured needs a value; see raas-sim validate --help"],
  [["workload", "info", "chat"], "chat: is a definition that requests are drawn from, not a log of them"],
  [[], "Name a command: serve, compare, replay,"],
] as const)("%j: what there is instead", (args, message) => {
  const { status, stdout, stderr } = command(...args);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr.startsWith(`raas-sim: ${message}`), stderr).toBe(true);
});
