import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { InputError } from "../core/check.js";
import { fileProblem } from "./file-problem.js";
import type { ByteSource } from "../trace/byte-source.js";

/** A file read in ranges. Throws InputError if it cannot be opened or ends early. */
export function fileSource(path: string): ByteSource {
  const { file, size } = open(path);
  return {
    name: path,
    size,
    read(offset, length, into) {
      const bytes = into === undefined || into.length < length ? new Uint8Array(length) : into.subarray(0, length);
      for (let done = 0; done < length;) {
        const got = readSync(file, bytes, done, length - done, offset + done);
        if (got === 0) throw new InputError(path, `ends at byte ${offset + done}; it had ${size} when it was opened`);
        done += got;
      }
      return bytes;
    },
    close: () => closeSync(file),
  };
}

function open(path: string): { file: number; size: number } {
  try {
    const file = openSync(path, "r");
    const status = fstatSync(file);
    if (!status.isFile())
      throw new InputError(path, status.isDirectory() ? "is a folder, not a file" : "is no regular file");
    return { file, size: status.size };
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(path, fileProblem(error, "read"));
  }
}
