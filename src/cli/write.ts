import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { InputError } from "../core/check.js";

/** Files to write, by path inside the folder. */
export type Files = ReadonlyMap<string, string | Uint8Array>;

/**
 * Writes all files or none that is half done: each goes to a temporary name beside its place first, and all are renamed
 * once the last is complete. An interrupt in between leaves nothing behind.
 */
export function writeFiles(folder: string, files: Files): readonly string[] {
  const pending: { temporary: string; final: string }[] = [];
  const clean = (): void => pending.forEach(({ temporary }) => rmSync(temporary, { force: true }));
  const interrupted = (): void => {
    clean();
    process.exit(130);
  };
  process.once("SIGINT", interrupted);
  try {
    for (const [name, content] of files) {
      const final = join(folder, name);
      mkdirSync(dirname(final), { recursive: true });
      const temporary = `${final}.${process.pid}.partial`;
      pending.push({ temporary, final });
      writeFileSync(temporary, content);
    }
    for (const { temporary, final } of pending) renameSync(temporary, final);
  } catch (cause) {
    clean();
    throw new InputError(folder, `cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`);
  } finally {
    process.off("SIGINT", interrupted);
  }
  return pending.map(({ final }) => final);
}

/**
 * Writes a file block by block, each made when the one before is on disk. Until the last is, the file has a temporary
 * name beside its place; a failure or an interrupt leaves nothing behind. Throws InputError if it cannot be written, and
 * whatever the blocks throw.
 */
export async function writeBlocks(path: string, blocks: Iterable<Uint8Array>): Promise<void> {
  const temporary = `${path}.${process.pid}.partial`;
  const interrupted = (): void => {
    rmSync(temporary, { force: true });
    process.exit(130);
  };
  process.once("SIGINT", interrupted);
  try {
    const file = attempt(path, () => {
      mkdirSync(dirname(path), { recursive: true });
      return openSync(temporary, "w");
    });
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
    attempt(path, () => renameSync(temporary, path));
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw cause;
  } finally {
    process.off("SIGINT", interrupted);
  }
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw new InputError(path, `cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}
