import { InputError } from "../core/check.js";
import type { KernelSample } from "./sample.js";

/**
 * Readers of kernel tables as ai-dynamo/aiconfigurator publishes them (CSV, latency in milliseconds), each told by its
 * columns. They return null for rows that the forms do not describe.
 */

interface KernelTable {
  readonly columns: readonly string[];
  readonly sample: (row: Row) => KernelSample | null;
}

/** Cells of a row by column; a column that the table lacks reads as its default. */
class Row {
  readonly #cells: ReadonlyMap<string, string>;
  readonly #where: string;

  constructor(cells: ReadonlyMap<string, string>, where: string) {
    this.#cells = cells;
    this.#where = where;
  }

  text(column: string, missing: string): string {
    return this.#cells.get(column) ?? missing;
  }

  number(column: string, missing?: number): number {
    const text = this.#cells.get(column);
    if (text === undefined && missing !== undefined) return missing;
    const value = Number(text);
    if (text === undefined || text === "" || !Number.isFinite(value)) {
      throw new InputError(`${this.#where} ${column}`, `"${text ?? ""}" is not allowed; expected a number`);
    }
    return value;
  }

  get seconds(): number {
    const latency = this.number("latency");
    if (latency <= 0)
      throw new InputError(`${this.#where} latency`, `${latency} is not allowed; expected milliseconds above 0`);
    return latency / 1000;
  }
}

const FORMATS = { bfloat16: "bf16", fp8: "fp8", fp8_block: "fp8-block", int4_wo: "int4" } as const;
const ELEMENT_BYTES = 2; // message sizes are elements of 16 bits
/** Tensor cores multiply 16 values at a time: an expert split to another width falls back to slow kernels. */
const TENSOR_WIDTH = 16;

const TABLES: readonly KernelTable[] = [
  {
    columns: ["kernel_source", "num_gpus", "message_size", "backend", "latency"],
    // Eager launches are host time; what the engine captures in graphs is the kernel. Above its limit it calls NCCL.
    sample: (row) => (row.text("backend", "").endsWith("_graph") ? allReduce(row, "custom") : null),
  },
  {
    columns: ["op_name", "nccl_dtype", "num_gpus", "message_size", "latency"],
    sample: (row) =>
      row.text("op_name", "") === "all_reduce" && row.text("nccl_dtype", "") === "half" ? allReduce(row, "ring") : null,
  },
  {
    columns: ["num_tokens", "hidden_size", "inter_size", "topk", "num_experts", "distribution", "latency"],
    sample: moe,
  },
  { columns: ["batch_size", "num_heads", "num_key_value_heads", "step", "latency"], sample: decode },
  { columns: ["batch_size", "isl", "num_heads", "num_key_value_heads", "latency"], sample: prefill },
  { columns: ["m", "n", "k", "latency"], sample: gemm },
];

/** Samples of one table. Throws InputError with the line if it is no kernel table. */
export function readKernelTable(text: string, path: string): readonly KernelSample[] {
  const lines = text.split(/\r?\n/);
  const header = (lines[0] ?? "").split(",").map((name) => name.trim());
  const table = TABLES.find(({ columns }) => columns.every((column) => header.includes(column)));
  if (table === undefined) {
    throw new InputError(
      path,
      `has the columns ${header.join(", ")}; expected those of a GEMM, attention, MoE or all-reduce table, or samples as JSON lines`,
    );
  }
  const samples: KernelSample[] = [];
  lines.slice(1).forEach((line, i) => {
    if (line.trim() === "") return;
    const cells = line.split(",");
    const where = `${path} line ${i + 2}`;
    if (cells.length !== header.length)
      throw new InputError(where, `has ${cells.length} cells, ${header.length} columns`);
    const sample = table.sample(new Row(new Map(header.map((name, j) => [name, cells[j] as string])), where));
    if (sample !== null) samples.push(sample);
  });
  return samples;
}

function gemm(row: Row): KernelSample | null {
  const format = FORMATS[row.text("gemm_dtype", "bfloat16") as keyof typeof FORMATS];
  if (format === undefined || format === "int4") return null;
  return { operator: "gemm", format, m: row.number("m"), n: row.number("n"), k: row.number("k"), seconds: row.seconds };
}

function attentionCase(row: Row) {
  const window = row.number("window_size", 0);
  return {
    kvFormat: row.text("kv_cache_dtype", "bfloat16") === "fp8" ? ("fp8" as const) : ("bf16" as const),
    sequences: row.number("batch_size"),
    queryHeads: row.number("num_heads"),
    kvHeads: row.number("num_key_value_heads"),
    headDim: row.number("head_dim", 128),
    window: window === 0 ? null : window,
    seconds: row.seconds,
  };
}

function decode(row: Row): KernelSample {
  return { operator: "decode-attention", context: row.number("step") + 1, ...attentionCase(row) };
}

/** A prompt of one token is computed by the decode kernel, and is no prefill. */
function prefill(row: Row): KernelSample | null {
  const tokens = row.number("isl");
  return tokens === 1 ? null : { operator: "prefill-attention", tokens, context: 0, ...attentionCase(row) };
}

/** Expert parallelism is left out: the cost model splits experts, it does not spread them. */
function moe(row: Row): KernelSample | null {
  const format = FORMATS[row.text("moe_dtype", "bfloat16") as keyof typeof FORMATS];
  const expertSize = row.number("inter_size") / row.number("moe_tp_size", 1);
  if (format === undefined || row.number("moe_ep_size", 1) !== 1 || expertSize % TENSOR_WIDTH !== 0) return null;
  return {
    operator: "moe",
    format,
    tokens: row.number("num_tokens"),
    experts: row.number("num_experts"),
    expertsPerToken: row.number("topk"),
    hiddenSize: row.number("hidden_size"),
    expertSize,
    balanced: row.text("distribution", "balanced") === "balanced",
    seconds: row.seconds,
  };
}

function allReduce(row: Row, kernel: "ring" | "custom"): KernelSample {
  const bytes = ELEMENT_BYTES * row.number("message_size");
  return { operator: "all-reduce", kernel, gpus: row.number("num_gpus"), bytes, seconds: row.seconds };
}
