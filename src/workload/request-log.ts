import type { FieldsFormat } from "./log-fields.js";
import { LogImport } from "./log-import.js";
import type { RequestLog } from "./log-rows.js";
import { unpacked } from "./unpack.js";

export type { RequestLog } from "./log-rows.js";

/**
 * Reads a recorded request log whose bytes are all there, plain, gzip or zstd. The format is told from the content, never
 * from the name: see formats.ts; `columns` names the columns of any other. `path` names the file in messages. Errors:
 * InputError with file, line and the offending text.
 */
export function parseRequestLog(bytes: Uint8Array, path: string, columns?: FieldsFormat): RequestLog {
  const log = new LogImport(columns);
  log.open(path);
  const plain = unpacked(bytes, path);
  const step = 2 ** 20;
  for (let at = 0; at < plain.length; at += step) log.push(plain.subarray(at, at + step));
  log.close();
  return log.finish(path);
}
