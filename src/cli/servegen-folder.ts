import { join } from "node:path";
import { InputError } from "../core/check.js";
import { parseServegenDataset, parseServegenTrace, type ServegenClient } from "../workload/servegen.js";
import { unpacked } from "../workload/unpack.js";
import { folderNames, isFolder } from "./file-problem.js";
import { parseJson, readBytes } from "./scenario-file.js";

const TRACE = /^(.+)-trace\.csv(\.gz)?$/;

/** The clients of a folder as ServeGen publishes them, NAME-trace.csv beside NAME-dataset.json; undefined if it is none. */
export function servegenClients(path: string): readonly ServegenClient[] | undefined {
  if (!isFolder(path)) return undefined;
  const files = new Set(folderNames(path));
  const traces = [...files].filter((file) => TRACE.test(file)).sort(byNumber);
  if (traces.length === 0) return undefined;
  return traces.map((file) => {
    const name = TRACE.exec(file)?.[1] as string;
    const dataset = [`${name}-dataset.json`, `${name}-dataset.json.gz`].find((each) => files.has(each));
    if (dataset === undefined) throw new InputError(join(path, file), `has no ${name}-dataset.json beside it`);
    return {
      name,
      windows: parseServegenTrace(text(join(path, file)), join(path, file)),
      lengths: parseServegenDataset(parseJson(text(join(path, dataset)), join(path, dataset)), join(path, dataset)),
    };
  });
}

/** chunk-2 before chunk-10. */
function byNumber(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

const text = (path: string): string => new TextDecoder().decode(unpacked(readBytes(path), path));
