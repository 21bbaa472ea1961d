import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { openRecording, recordingNames, recordingPath } from "./recordings.js";
import { showing } from "./show.js";
import { PACKAGE } from "./version.js";

test("each recording of the package is the one that workloads/README.md describes", () => {
  const readme = readFileSync(new URL("workloads/README.md", PACKAGE), "utf8");
  expect(recordingNames()).toContain("bakery-2.2k");
  for (const name of recordingNames()) {
    const sha = createHash("sha256")
      .update(readFileSync(recordingPath(name)))
      .digest("hex");
    expect(readme).toContain(sha);
  }
});

test("a recording opens by its name and shows what it is of", async () => {
  const trace = openRecording("bakery-2.2k");
  expect(trace.metadata).toMatchObject({
    layers: [14, 21, 23],
    promptTokens: 196,
    totalTokens: 2199,
    synthetic: false,
  });
  expect(trace.keys(23, 2198, 2199).length).toBe(3 * 64);
  trace.close();
  expect(JSON.parse(await showing("bakery-2.2k"))).toMatchObject({ sourceLicense: "CC0-1.0" });
});

test("an unknown recording is refused with the known ones", () => {
  expect(() => openRecording("bakery")).toThrow(/trace: "bakery" is not known; known are .*bakery-2.2k/);
  expect(() => openRecording("./none.safetensors")).toThrow(/no such file/);
});
