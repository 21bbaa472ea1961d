import { closeSync, mkdtempSync, openSync, readdirSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { inOrder } from "./selection-parts.js";
import { cannotWrite, makeFolder, placeOf } from "./write.js";

const COPY_BYTES = 1 << 20;

/**
 * A file of selections in the making: parts go into a folder beside it, whoever computes them; in the end they become
 * one file, in an order that does not depend on who came first. Until then nothing stands at the path itself.
 * The file is sorted by policy (as given), layer, head, query head and step.
 */
export class SelectionsFile {
  readonly folder: string;
  private readonly path: string;

  /** Throws InputError if nothing can be written there. */
  constructor(path: string) {
    try {
      this.path = placeOf(path);
      makeFolder(dirname(this.path));
      this.folder = mkdtempSync(join(dirname(this.path), `${basename(this.path)}.partial-`));
    } catch (cause) {
      throw cannotWrite(path, cause);
    }
  }

  /** Joins the parts, deleting each once it is copied, and puts the whole in its place. */
  finish(): void {
    const [first = "empty", ...others] = inOrder(readdirSync(this.folder));
    const whole = join(this.folder, first);
    try {
      const out = openSync(whole, "a");
      const buffer = new Uint8Array(COPY_BYTES);
      try {
        for (const part of others) append(join(this.folder, part), out, buffer);
      } finally {
        closeSync(out);
      }
      renameSync(whole, this.path);
    } catch (cause) {
      throw cannotWrite(this.path, cause);
    } finally {
      this.discard();
    }
  }

  /** Leaves nothing behind; does nothing after `finish`. */
  discard(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function append(part: string, out: number, buffer: Uint8Array): void {
  const from = openSync(part, "r");
  try {
    for (let got = readSync(from, buffer); got > 0; got = readSync(from, buffer)) {
      for (let done = 0; done < got;) done += writeSync(out, buffer, done, got - done);
    }
  } finally {
    closeSync(from);
  }
  rmSync(part);
}
