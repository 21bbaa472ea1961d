import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../core/check.js";
import { parseServegenDataset, parseServegenTrace, type ServegenClient } from "../workload/servegen.js";
import { unpacked } from "../workload/unpack.js";
import { readBytes } from "./scenario-file.js";

const TRACE = /^(.+)-trace\.csv(\.gz)?$/;

/** The clients of a folder as ServeGen publishes them, NAME-trace.csv beside NAME-dataset.json; undefined if it is none. */
export function servegenClients(path: string): readonly ServegenClient[] | undefined {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return undefined;
  const files = new Set(readdirSync(path));
  const traces = [...files].filter((file) => TRACE.test(file)).sort(byNumber);
  if (traces.length === 0) return undefined;
  return traces.map((file) => {
    const name = TRACE.exec(file)?.[1] as string;
    const dataset = [`${name}-dataset.json`, `${name}-dataset.json.gz`].find((each) => files.has(each));
    if (dataset === undefined) throw new InputError(join(path, file), `has no ${name}-dataset.json beside it`);
    return {
      name,
      windows: parseServegenTrace(text(join(path, file)), join(path, file)),
      lengths: parseServegenDataset(json(join(path, dataset)), join(path, dataset)),
    };
  });
}

/** chunk-2 before chunk-10. */
function byNumber(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

function json(path: string): unknown {
  try {
    return JSON.parse(text(path));
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new InputError(path, `is not JSON: ${cause.message}`);
    throw cause;
  }
}

const text = (path: string): string => new TextDecoder().decode(unpacked(readBytes(path), path));
