import { spawnSync } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { SelectionsFile } from "./selections-file.js";
import { requireFolder, writeBlocks } from "./write.js";

const folder = mkdtempSync(join(tmpdir(), "raas-sim-write-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const BLOCKS = [new Uint8Array([65]), new Uint8Array([66])];

// A socket stands for devices: putting a file in place of /dev/null would harm whoever runs the test.
test.skipIf(process.platform === "win32")("only a regular file is replaced, never what else stands there", async () => {
  const socket = at("socket");
  const made = spawnSync(process.execPath, [
    "-e",
    `require("node:net").createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, "SIGKILL"))`,
  ]);
  expect(made.signal).toBe("SIGKILL"); // killed, so that the socket's name stays
  mkdirSync(at("sub"));
  for (const [path, reason] of [
    [socket, "is no regular file"],
    [at("sub"), "is a folder"],
  ] as const) {
    const before = lstatSync(path).ino;
    await expect(writeBlocks(path, BLOCKS)).rejects.toThrow(`${path}: cannot be written: ${reason}`);
    expect(() => new SelectionsFile(path)).toThrow(`${path}: cannot be written: ${reason}`);
    expect(lstatSync(path).ino).toBe(before);
  }
  expect(readdirSync(folder).sort()).toEqual(["socket", "sub"]);
});

test("a link stays, what it points to is written", async () => {
  writeFileSync(at("real"), "old");
  symlinkSync(at("real"), at("link"));
  await writeBlocks(at("link"), BLOCKS);
  expect(lstatSync(at("link")).isSymbolicLink()).toBe(true);
  expect(readFileSync(at("real"), "utf8")).toBe("AB");
});

test("under a file nothing can be written, and it is said in one line", async () => {
  writeFileSync(at("plain"), "as it was");
  await expect(writeBlocks(at("plain/x.csv"), BLOCKS)).rejects.toThrow(
    `${at("plain/x.csv")}: cannot be written: ${at("plain")} is a file, not a folder`,
  );
  expect(readFileSync(at("plain"), "utf8")).toBe("as it was");
});

test("a path with a slash at its end is no file's; folders that are missing are made", async () => {
  await expect(writeBlocks(at("none/"), BLOCKS)).rejects.toThrow(
    `${at("none/")}: cannot be written: is the name of a folder, not of a file`,
  );
  expect(() => new SelectionsFile(at("none/"))).toThrow(/is the name of a folder/);
  new SelectionsFile(at("new/sub/x.jsonl")).discard();
  expect(readdirSync(at("new/sub"))).toEqual([]);
});

test("a folder that cannot be is known before anything is done", () => {
  expect(() => requireFolder("")).toThrow("--out: is empty; give the path of a folder");
  expect(() => requireFolder(at("real"))).toThrow(`${at("real")}: cannot be written: is not a folder`);
  expect(() => requireFolder(at("real/deeper"))).toThrow(`cannot be written: ${at("real")} is not a folder`);
  requireFolder(at("not/yet/there"));
  expect(readdirSync(folder)).not.toContain("not");
});

test("a reader that leaves early is no failure; a full disk is one, said without a stack trace", () => {
  const main = join(import.meta.dirname, "../../dist/bin/main.js");
  const shell = (command: string): { status: number | null; stderr: string } =>
    spawnSync("bash", ["-c", `set -o pipefail; ${command}`, "bash", process.execPath, main], { encoding: "utf8" });
  const left = shell('(sleep 0.5; "$1" "$2" list models) | true');
  expect(left).toMatchObject({ status: 0, stderr: "" });
  if (process.platform !== "linux") return; // no /dev/full
  const full = shell('"$1" "$2" list models > /dev/full');
  expect(full.status).toBe(2);
  expect(full.stderr).toMatch(/^raas-sim: standard output: cannot be written: the disk is full\n$/);
});
