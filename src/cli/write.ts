import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
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
