import { basename, join } from "node:path";
import { InputError } from "../core/check.js";
import type { ByteSource } from "../trace/byte-source.js";
import { parseColumns } from "../workload/log-fields.js";
import { LogImport } from "../workload/log-import.js";
import type { RequestLog } from "../workload/log-rows.js";
import { unpackedChunks } from "../workload/unpack.js";
import { folderNames, isFolder } from "./file-problem.js";
import { fileSource } from "./file-source.js";
import { isParquet, parquetRows } from "./parquet-rows.js";
import { progressLine } from "./progress.js";

const CHUNK = 2 ** 20; // bytes
const NAMED_FILES = 8;
const DATA_FILE = /\.(csv|json|jsonl|parquet)(\.gz|\.zst)?$/i;

/**
 * Reads a request log: a file of any format that formats.ts knows, or a folder whose files are one format. `columns` are
 * those that the user names. Only columns, one chunk and an unfinished line are in memory. Throws InputError.
 */
export async function importLog(path: string, columns: string | undefined): Promise<RequestLog> {
  const log = new LogImport(columns === undefined ? undefined : parseColumns(columns));
  const line = progressLine("reading");
  const files = dataFiles(path);
  for (const file of files) {
    const source = fileSource(file);
    try {
      log.open(file);
      if (isParquet(source))
        await readRows(log, source, (rows) => line.update(() => `${rows.toLocaleString("en-US")} rows of ${file}`));
      else await readChunks(log, source, (done) => line.update(() => `${(done / 1e6).toFixed(0)} MB of ${file}`));
    } finally {
      source.close();
    }
  }
  line.end();
  const read = log.finish(path);
  return files.length === 1 && files[0] === path ? read : { ...read, notes: [filesNote(files), ...read.notes] };
}

/** Which files of a folder are one log now. */
function filesNote(files: readonly string[]): string {
  const named = files.slice(0, NAMED_FILES).map((file) => basename(file));
  const rest = files.length > NAMED_FILES ? ` and ${files.length - NAMED_FILES} more` : "";
  return `${files.length === 1 ? "1 file" : `${files.length} files`} of the folder, read as one log: ${named.join(", ")}${rest}.`;
}

/** The file itself, or the files of a folder by name. */
function dataFiles(path: string): readonly string[] {
  if (!isFolder(path)) return [path];
  const names = folderNames(path)
    .filter((name) => DATA_FILE.test(name))
    .sort();
  if (names.length === 0) throw new InputError(path, "is a folder without .csv, .json, .jsonl or .parquet files");
  return names.map((name) => join(path, name));
}

async function readRows(log: LogImport, source: ByteSource, progress: (rows: number) => void): Promise<void> {
  let number = 0;
  for await (const row of parquetRows(source)) {
    log.row(row, `${source.name} row ${++number}`);
    if ((number & 0xfff) === 0) progress(number);
  }
  log.close();
}

async function readChunks(log: LogImport, source: ByteSource, progress: (done: number) => void): Promise<void> {
  for await (const chunk of unpackedChunks(chunks(source, progress), source.name)) log.push(chunk);
  log.close();
}

function* chunks(source: ByteSource, progress: (done: number) => void): Generator<Uint8Array> {
  for (let at = 0; at < source.size; at += CHUNK) {
    yield source.read(at, Math.min(CHUNK, source.size - at));
    progress(at);
  }
}
