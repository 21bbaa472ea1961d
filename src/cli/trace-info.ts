import { wasmKernel } from "../attention/wasm-kernel.js";
import { traceShape, type TraceShape } from "../attention/trace-shape.js";
import { textTable } from "../report/text-table.js";
import { traceNotes, traceReport, traceTables, type TraceInfo } from "../report/trace-report.js";
import { TRACE_CHANNELS, type AttentionTrace } from "../trace/attention-trace.js";
import { openTrace } from "../trace/open-trace.js";
import { readHeader } from "../trace/safetensors.js";
import { sliceTrace } from "../trace/slice-trace.js";
import { fileSource } from "./file-source.js";
import { writeReport, type OutputFlags } from "./output.js";
import { progressLine } from "./progress.js";
import { version } from "./version.js";

/** Prints what is known of a trace, and writes its report if a folder is given. */
export async function printInfo(
  path: string,
  layers: readonly number[] | undefined,
  output: OutputFlags,
): Promise<void> {
  const info = readInfo(path, layers);
  process.stdout.write(`${output.json ? JSON.stringify(info, null, 2) : infoText(info)}\n`);
  if (output.out !== undefined) await writeReport(output.out, new Map(), info, traceReport(info), output);
}

function readInfo(file: string, layers: readonly number[] | undefined): TraceInfo {
  const source = fileSource(file);
  try {
    const whole = openTrace(source);
    const trace = layers === undefined ? whole : sliceTrace(whole, { layers });
    const { metadata, channels } = trace;
    const decodeSteps = metadata.totalTokens - metadata.promptTokens;
    return {
      version: version(),
      file,
      bytes: source.size,
      metadata: whole.metadata,
      decodeSteps,
      channels: [...channels]
        .filter((channel) => channel !== "prompt-mass" || (metadata.queryStart ?? 0) === 0) // a sum over all of them
        .map((channel) => TRACE_CHANNELS[channel]),
      tensors: [...readHeader(source).tensors].map(([name, { dtype, shape, from, to }]) => {
        return { name, dtype, shape, bytes: to - from };
      }),
      shape: decodeSteps === 0 ? null : measured(trace, decodeSteps),
    };
  } finally {
    source.close();
  }
}

function measured(trace: AttentionTrace, decodeSteps: number): TraceShape {
  const rows = decodeSteps * trace.metadata.layers.length;
  const line = progressLine("attention");
  const measuring = traceShape(trace, wasmKernel);
  let done = 0;
  for (let next = measuring.next(); ; next = measuring.next()) {
    if (next.done === true) {
      line.end();
      return next.value;
    }
    done++;
    if (done % 16 === 0)
      line.update(() => `${done.toLocaleString("en-US")} of ${rows.toLocaleString("en-US")} rows a head`);
  }
}

function infoText(info: TraceInfo): string {
  const tables = traceTables(info).map(({ title, columns, rows }) => {
    const numbers = columns.map(
      (_, i) => i > 0 && rows.every((row) => /^(-|[\d.,]+( %)?( \(\d+\))?|)$/.test(row[i] ?? "")),
    );
    const text = textTable(
      columns.map((column, i) => ({ title: column, align: numbers[i] === true ? "right" : "left" })),
      rows,
    );
    return columns[0] === title || columns[0] === "Setting" ? text : `${title}\n${text}`;
  });
  const synthetic = info.metadata.synthetic ? ["! This trace is synthetic: no model has attended like this."] : [];
  return [...synthetic, ...tables, ["Notes", ...traceNotes(info).map((note) => `- ${note}`)].join("\n")].join("\n\n");
}
