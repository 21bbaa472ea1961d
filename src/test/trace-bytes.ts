/** A safetensors file from its parts, sound or not. */
export interface FileParts {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly tensors: Readonly<Record<string, TensorParts>>;
}

export interface TensorParts {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
  /** Instead of where the bytes lie. */
  readonly offsets?: readonly unknown[];
}

export function safetensors({ metadata, tensors }: FileParts): Uint8Array {
  let offset = 0;
  const header: Record<string, unknown> = { __metadata__: metadata };
  for (const [name, { dtype, shape, bytes, offsets }] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: offsets ?? [offset, offset + bytes.length] };
    offset += bytes.length;
  }
  return withHeader(JSON.stringify(header), ...Object.values(tensors).map(({ bytes }) => bytes));
}

/** Length, header text and data; the length can lie. */
export function withHeader(text: string, ...data: readonly Uint8Array[]): Uint8Array {
  const header = new TextEncoder().encode(text);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
  return new Uint8Array(Buffer.concat([length, header, ...data]));
}

function zeros(dtype: string, width: number, shape: readonly number[]): TensorParts {
  return { dtype, shape, bytes: new Uint8Array(shape.reduce((product, side) => product * side, width)) };
}

/** A sound qkv trace: 3 prompt tokens, 2 decode steps, 2 layers of 4, zeros. */
export function qkvParts(): FileParts {
  const heads = (count: number): TensorParts => zeros("F16", 2, [5, count, 4]);
  return {
    metadata: {
      format: "attention-trace",
      version: "1",
      kind: "qkv",
      model: "none",
      modelType: "none",
      layersTotal: "4",
      queryHeads: "4",
      kvHeads: "2",
      headDim: "4",
      layers: "[1,3]",
      promptTokens: "3",
      totalTokens: "5",
      softmaxScale: "0.5",
      queryStart: "0",
      generation: "greedy",
      source: "zeros",
      sourceLicense: "CC0-1.0",
      recorder: "test",
    },
    tensors: {
      token_ids: zeros("I32", 4, [5]),
      ...Object.fromEntries(
        [1, 3].flatMap((layer) => [
          [`layers.${layer}.q`, heads(4)],
          [`layers.${layer}.k`, heads(2)],
          [`layers.${layer}.v`, heads(2)],
        ]),
      ),
    },
  };
}

/** A sound scores trace of the same sequence, one layer: every row's mass is on position 0. */
export function scoresParts(coding: "linear" | "log2-u8" = "linear"): FileParts {
  const { softmaxScale: _scale, queryStart: _start, ...metadata } = qkvParts().metadata;
  const scores = coding === "linear" ? zeros("F32", 4, [2, 2, 5]) : zeros("U8", 1, [2, 2, 5]);
  for (let row = 0; row < 4; row++) {
    if (coding === "log2-u8") scores.bytes[row * 5] = 255;
    else new DataView(scores.bytes.buffer).setFloat32(row * 20, 1, true);
  }
  return {
    metadata: { ...metadata, kind: "scores", layers: "[1]", groupReduction: "mean", scoreCoding: coding },
    tensors: {
      token_ids: zeros("I32", 4, [5]),
      "layers.1.scores": scores,
      "layers.1.prompt_mass": zeros("F32", 4, [2, 3]),
      "layers.1.page_bounds": zeros("F16", 2, [2, 2, 1]),
    },
  };
}
