import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { InputError } from "../core/check.js";

/** Files to write, by path inside the folder. */
export type Files = ReadonlyMap<string, string | Uint8Array>;

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * Writes all files or none that is half done: each goes to a temporary name beside its place first, and all are renamed
 * once the last is complete. An interrupt in between is held back until then; it comes too late to change anything.
 */
export function writeFiles(folder: string, files: Files): readonly string[] {
  const pending: { temporary: string; final: string }[] = [];
  const hold = (): void => {};
  for (const signal of SIGNALS) process.on(signal, hold);
  try {
    for (const [name, content] of files) {
      const final = join(folder, name);
      makeFolder(dirname(final));
      const temporary = `${final}.${process.pid}.partial`;
      pending.push({ temporary, final });
      writeFileSync(temporary, content);
    }
    for (const { temporary, final } of pending) renameSync(temporary, final);
  } catch (cause) {
    for (const { temporary } of pending) rmSync(temporary, { force: true });
    throw new InputError(folder, `cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`);
  } finally {
    for (const signal of SIGNALS) process.off(signal, hold);
  }
  return pending.map(({ final }) => final);
}

/** Makes a folder and those it lies in. Node's own recursion never ends where a folder cannot be made, as in /proc. */
function makeFolder(path: string): void {
  if (existsSync(path) && statSync(path).isDirectory()) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  mkdirSync(path);
}
