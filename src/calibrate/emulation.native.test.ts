import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const PROGRAM = fileURLToPath(new URL("../../build/native/emulation-checks", import.meta.url));

/** What the checks of the CUDA kernels rest on where there is no GPU. */
test.skipIf(!existsSync(PROGRAM))("the emulation finds missing barriers, missing waits and deadlocks", () => {
  const { status, stdout } = spawnSync(PROGRAM, { encoding: "utf8" });
  expect(stdout.split("\n").filter((line) => line.endsWith(": NO"))).toEqual([]);
  expect(status).toBe(0);
});
