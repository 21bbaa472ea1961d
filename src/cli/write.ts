import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { InputError } from "../core/check.js";
import { fileProblem } from "./file-problem.js";
import { onInterrupt } from "./interrupt.js";

/** A file that is complete under a temporary name beside its place. */
export interface Written {
  readonly temporary: string;
}

/** Files to write, by path inside the folder. */
export type Files = ReadonlyMap<string, string | Uint8Array | Written>;

/**
 * Writes all files or none that is half done: each goes to a temporary name beside its place first, and all are renamed
 * once the last is complete. An interrupt in between is held back until then; it comes too late to change anything.
 */
export function writeFiles(folder: string, files: Files): readonly string[] {
  const pending: { temporary: string; final: string }[] = [];
  const release = onInterrupt(() => {});
  try {
    for (const [name, content] of files) {
      const final = join(folder, name);
      if (typeof content === "object" && "temporary" in content) {
        pending.push({ temporary: content.temporary, final });
        continue;
      }
      makeFolder(dirname(final));
      const temporary = `${final}.${process.pid}.partial`;
      pending.push({ temporary, final });
      writeFileSync(temporary, content);
    }
    for (const { temporary, final } of pending) renameSync(temporary, final);
  } catch (cause) {
    for (const { temporary } of pending) rmSync(temporary, { force: true });
    throw cannotWrite(folder, cause);
  } finally {
    release();
  }
  return pending.map(({ final }) => final);
}

/**
 * Where a file goes that is to take this path by a rename: what a link points to, so that the link stays. Throws if
 * something stands there that is no file: a rename would put a file in place of a device such as /dev/null.
 */
export function placeOf(path: string): string {
  if (!existsSync(path)) {
    if (/[\\/]$/.test(path)) throw new Error("is the name of a folder, not of a file");
    return resolve(path);
  }
  const place = realpathSync(path);
  const there = statSync(path);
  if (there.isDirectory()) throw new Error("is a folder");
  if (!there.isFile()) throw new Error("is no regular file");
  return place;
}

/** Throws InputError if no folder can be at this path or nothing can be written there: to be known before long work. */
export function requireFolder(path: string): void {
  if (path === "") throw new InputError("--out", "is empty; give the path of a folder");
  attempt(path, () => {
    let there = resolve(path);
    while (!existsSync(there)) there = dirname(there);
    if (!statSync(there).isDirectory()) throw new Error(`${there === resolve(path) ? "" : `${there} `}is not a folder`);
    accessSync(there, constants.W_OK | constants.X_OK);
  });
}

/** Makes a folder and those it lies in. Node's own recursion never ends where a folder cannot be made, as in /proc. */
export function makeFolder(path: string): void {
  if (existsSync(path)) {
    if (statSync(path).isDirectory()) return;
    throw new Error(`${path} is a file, not a folder`);
  }
  if (dirname(path) !== path) makeFolder(dirname(path));
  mkdirSync(path);
}

/**
 * Writes a file block by block, each made when the one before is on disk. Until the last is, the file has a temporary
 * name beside its place; a failure or an interrupt leaves nothing behind. Throws InputError if it cannot be written, and
 * whatever the blocks throw.
 */
export async function writeBlocks(path: string, blocks: Iterable<Uint8Array>): Promise<void> {
  const place = attempt(path, () => placeOf(path));
  const temporary = `${place}.${process.pid}.partial`;
  // Outside of what removes it: where no file can be, none can be removed either.
  const file = attempt(path, () => {
    makeFolder(dirname(place));
    return openSync(temporary, "w");
  });
  const release = onInterrupt((exitCode) => {
    rmSync(temporary, { force: true });
    process.exit(exitCode);
  });
  try {
    try {
      for (const block of blocks) {
        attempt(path, () => {
          for (let done = 0; done < block.length;) done += writeSync(file, block, done);
        });
        await new Promise(setImmediate); // lets an interrupt in
      }
    } finally {
      closeSync(file);
    }
    attempt(path, () => renameSync(temporary, place));
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw cause;
  } finally {
    release();
  }
}

/** What an action on a file returns; InputError with its path if it fails. */
export function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw cannotWrite(path, cause);
  }
}

export function cannotWrite(path: string, cause: unknown): InputError {
  return new InputError(path, `cannot be written: ${fileProblem(cause, "write")}`);
}
