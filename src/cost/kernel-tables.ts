import { toQuantum } from "../core/quantum.js";
import type { HardwareProfile } from "../hardware/profile.js";
import type { KvFormat, ModelShape, WeightFormat } from "../model/model-shape.js";
import { AttentionCost } from "./attention-cost.js";
import type { Piece } from "./attention-curve.js";
import type { LayerGroup } from "./cost-model.js";
import { LinearCost } from "./linear-cost.js";
import { memo } from "./memo.js";

export interface KernelTablesOptions {
  readonly model: ModelShape;
  readonly profile: HardwareProfile;
  readonly weightFormat: WeightFormat;
  readonly kvFormat: KvFormat;
  readonly tp: number;
}

/** Times of a model's kernels on a device, each worked out the first time it is asked for. */
export class KernelTables {
  readonly linear: LinearCost;
  readonly attention: AttentionCost;
  /** Seconds of the matrix products of all layers, by tokens. */
  readonly layerSeconds = memo((tokens: number) => toQuantum(this.linear.layers(tokens).seconds));
  /** Seconds of the LM head, by sequences that emit; not rounded. */
  readonly headSeconds = memo((emitting: number) => this.linear.head(emitting).seconds);
  readonly #decodeTables = new Map<string, (decodes: number) => readonly Piece[]>();

  constructor({ model, profile, weightFormat, kvFormat, tp }: KernelTablesOptions) {
    this.linear = new LinearCost(model, profile, weightFormat, tp);
    this.attention = new AttentionCost(model, profile, kvFormat, tp);
  }

  /** Decode attention of a layer group over tokens read, by the number of sequences that read. */
  decodeTable({ layers, window }: LayerGroup): (decodes: number) => readonly Piece[] {
    const key = `${layers} ${window}`;
    const known = this.#decodeTables.get(key);
    if (known !== undefined) return known;
    const pieces: (readonly Piece[])[] = [];
    const table = (decodes: number): readonly Piece[] =>
      (pieces[decodes] ??= this.attention.decodeTable(layers, decodes, window));
    this.#decodeTables.set(key, table);
    return table;
  }
}

/** Kept as long as the profile is: scenarios of one model on one device, as comparisons have them, share them. */
const known = new WeakMap<HardwareProfile, WeakMap<ModelShape, Map<string, KernelTables>>>();

export function kernelTables(options: KernelTablesOptions): KernelTables {
  const { model, profile, weightFormat, kvFormat, tp } = options;
  const ofDevice = entry(known, profile, () => new WeakMap<ModelShape, Map<string, KernelTables>>());
  const ofModel = entry(ofDevice, model, () => new Map<string, KernelTables>());
  return entry(ofModel, `${weightFormat} ${kvFormat} ${tp}`, () => new KernelTables(options));
}

function entry<K, V>(map: { get(key: K): V | undefined; set(key: K, value: V): unknown }, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
