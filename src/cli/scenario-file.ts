import { readFileSync } from "node:fs";
import { InputError } from "../core/check.js";
import { fileProblem } from "./file-problem.js";

/** A scenario file: its keys and values, and where each key stands. */
export interface ScenarioFile {
  readonly values: Readonly<Record<string, unknown>>;
  position(key: string): string; // "file.yaml:3:1 key"
}

/** Reads YAML or JSON. Errors: InputError with file, line and column. */
export async function readScenarioFile(path: string): Promise<ScenarioFile> {
  const { isMap, isScalar, LineCounter, parseDocument } = await import("yaml");
  const lines = new LineCounter();
  const document = parseDocument(readText(path), { lineCounter: lines, uniqueKeys: true });
  const error = document.errors[0];
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new InputError(`${path}:${line}:${col}`, error.message.split("\n")[0] ?? "is not YAML");
  }
  const root = document.contents;
  if (!isMap(root)) throw new InputError(path, "is not a mapping of scenario keys to values");
  const positions = new Map<string, string>();
  for (const { key } of root.items) {
    if (!isScalar(key)) continue;
    const { line, col } = lines.linePos(key.range?.[0] ?? 0);
    positions.set(String(key.value), `${path}:${line}:${col} ${String(key.value)}`);
  }
  return {
    values: document.toJS() as Record<string, unknown>,
    position: (key) => positions.get(key) ?? `${path} ${key}`,
  };
}

export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new InputError(path, fileProblem(cause, "read"));
  }
}

export function readJson(path: string): unknown {
  return parseJson(readText(path), path);
}

/** Throws InputError naming `path`. */
export function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new InputError(path, `is not JSON: ${cause.message}`);
    throw cause;
  }
}

export function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new InputError(path, fileProblem(cause, "read"));
  }
}
