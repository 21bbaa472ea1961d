import type { ModelShape } from "./model-shape.js";
import { GEMMA_SHAPES } from "./shapes-gemma.js";
import { LLAMA_SHAPES } from "./shapes-llama.js";
import { OTHER_SHAPES } from "./shapes-other.js";
import { QWEN_SHAPES } from "./shapes-qwen.js";
import { SPARSE_SHAPES } from "./shapes-sparse.js";

/** Built-in models by name. */
export const MODELS: Readonly<Record<string, ModelShape>> = Object.fromEntries(
  [...LLAMA_SHAPES, ...QWEN_SHAPES, ...GEMMA_SHAPES, ...OTHER_SHAPES, ...SPARSE_SHAPES].map((shape) => [
    shape.name,
    shape,
  ]),
);
