import type { AttentionTrace } from "../trace/attention-trace.js";
import { traceFile, type DtypeChoice } from "../trace/write-trace.js";
import { progressLine } from "./progress.js";
import { writeBlocks } from "./write.js";

const MB = 1e6;

/** Writes a trace to a file, with progress on stderr if it takes long, and says what it wrote. */
export async function writeTrace(path: string, trace: AttentionTrace, dtypeOf: DtypeChoice): Promise<void> {
  const { size, blocks } = traceFile(trace, dtypeOf);
  const line = progressLine(path);
  const counted = function* (): Generator<Uint8Array> {
    let done = 0;
    for (const block of blocks) {
      yield block;
      done += block.length;
      line.update(() => `${(done / MB).toFixed(1)} of ${(size / MB).toFixed(1)} MB`);
    }
  };
  await writeBlocks(path, counted());
  line.end();
  process.stderr.write(`wrote ${path}: ${(size / MB).toFixed(1)} MB\n`);
}
