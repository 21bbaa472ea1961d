import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { InputError } from "../core/check.js";
import type { AttentionTrace } from "../trace/attention-trace.js";
import { openTrace } from "../trace/open-trace.js";
import { fileSource } from "./file-source.js";
import { PACKAGE } from "./version.js";

const FOLDER = fileURLToPath(new URL("workloads/", PACKAGE));
const ENDING = ".attn.safetensors";

/** Recorded attention that comes with the package. */
export function recordingNames(): readonly string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(ENDING))
    .map((file) => file.slice(0, -ENDING.length))
    .sort();
}

/** Path of a built-in recording or of the user's file. */
export function recordingPath(name: string): string {
  const known = recordingNames();
  if (known.includes(name)) return `${FOLDER}${name}${ENDING}`;
  if (/[\\/]|\.safetensors$/.test(name) || existsSync(name)) return name;
  throw new InputError("trace", `"${name}" is not known; known are ${known.join(", ")}, or give the path of a file`);
}

/** Opens a built-in recording or the user's file. */
export function openRecording(name: string): AttentionTrace {
  return openTrace(fileSource(recordingPath(name)));
}
