import { gunzipSync } from "node:zlib";
import { InputError } from "../core/check.js";
import { parseCsvLog } from "./csv-log.js";
import { parseJsonlLog } from "./jsonl.js";
import type { RequestLog } from "./log-rows.js";

export type { RequestLog } from "./log-rows.js";

const BRACE = 123;

/**
 * Reads a recorded request log, plain or gzip. The format is told from the content, never from the name: JSON lines, CSV
 * with arrival_s, prompt_tokens, output_tokens (and reasoning_tokens, session, priority), or an Azure LLM inference
 * trace. `path` names the file in messages. Errors: InputError with file, line and the offending text.
 */
export function parseRequestLog(bytes: Uint8Array, path: string): RequestLog {
  const plain = unzip(bytes, path);
  if ((plain[0] === 0xff && plain[1] === 0xfe) || (plain[0] === 0xfe && plain[1] === 0xff)) {
    throw new InputError(path, "is UTF-16; a request log is UTF-8");
  }
  const start = plain[0] === 0xef && plain[1] === 0xbb && plain[2] === 0xbf ? 3 : 0; // byte-order mark
  let first = start;
  while (first < plain.length && isBlank(plain[first] as number)) first++;
  if (first === plain.length) throw new InputError(path, "is empty");
  return plain[first] === BRACE ? parseJsonlLog(plain, path, start) : parseCsvLog(plain, path, start);
}

function isBlank(byte: number): boolean {
  return byte === 9 || byte === 10 || byte === 13 || byte === 32;
}

function unzip(bytes: Uint8Array, path: string): Buffer {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer[0] !== 0x1f || buffer[1] !== 0x8b) return buffer;
  try {
    return gunzipSync(buffer);
  } catch (cause) {
    throw new InputError(path, `is not complete gzip data (${cause instanceof Error ? cause.message : String(cause)})`);
  }
}
