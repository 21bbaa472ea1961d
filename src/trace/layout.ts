import type { TraceMetadata } from "./attention-trace.js";
import type { Dtype } from "./safetensors.js";

/** A tensor that a trace has, or may have: allowed dtypes and its shape. */
export interface TensorSpec {
  readonly name: string;
  readonly dtypes: readonly Dtype[];
  readonly shape: readonly number[];
  readonly optional?: true;
}

export const PAGE_BOUND_TOKENS = 16;
const BLOCK_VALUES = 2 ** 18;

/** Values of one row of a tensor's first side. */
export function rowWidth(shape: readonly number[]): number {
  return shape.slice(1).reduce((product, side) => product * side, 1);
}

/** All rows of a tensor, as ranges of the first side that fit into memory whatever its size; those of a list at once. */
export function* rowBlocks(shape: readonly number[]): Generator<readonly [from: number, to: number]> {
  const rows = shape[0] as number;
  const step = shape.length === 1 ? rows : Math.max(1, Math.floor(BLOCK_VALUES / rowWidth(shape)));
  for (let from = 0; from < rows; from += step) yield [from, Math.min(from + step, rows)];
}

/** The tensors of a trace, layer by layer. */
export function tensorsOf(metadata: TraceMetadata): TensorSpec[] {
  const { totalTokens } = metadata;
  const ids: TensorSpec = { name: "token_ids", dtypes: ["I32"], shape: [totalTokens] };
  return [ids, ...metadata.layers.flatMap((layer) => layerTensors(metadata, layer))];
}

function layerTensors(metadata: TraceMetadata, layer: number): TensorSpec[] {
  const { kind, totalTokens, promptTokens, queryStart = 0, queryHeads, kvHeads, headDim, scoreCoding } = metadata;
  const steps = totalTokens - promptTokens;
  const name = (part: string): string => `layers.${layer}.${part}`;
  if (kind === "qkv") {
    const dtypes: readonly Dtype[] = ["F16", "BF16"];
    return [
      { name: name("q"), dtypes, shape: [totalTokens - queryStart, queryHeads, headDim] },
      { name: name("k"), dtypes, shape: [totalTokens, kvHeads, headDim] },
      { name: name("v"), dtypes, shape: [totalTokens, kvHeads, headDim] },
    ];
  }
  const pages = Math.ceil(totalTokens / PAGE_BOUND_TOKENS);
  const rows: readonly Dtype[] = scoreCoding === "log2-u8" ? ["U8"] : ["F16", "F32"];
  return [
    { name: name("scores"), dtypes: rows, shape: [steps, kvHeads, totalTokens] },
    { name: name("prompt_mass"), dtypes: ["F32"], shape: [kvHeads, promptTokens] },
    { name: name("page_bounds"), dtypes: ["F16"], shape: [steps, kvHeads, pages], optional: true },
  ];
}
