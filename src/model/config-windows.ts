import { InputError } from "../core/check.js";
import type { Family } from "./families.js";
import type { AttentionLayers } from "./model-shape.js";

/** The keys of a configuration that decide which layers see only a window. */
export interface WindowConfig {
  readonly num_hidden_layers: number;
  readonly sliding_window?: number | null | undefined;
  readonly use_sliding_window?: boolean | null | undefined;
  readonly max_window_layers?: number | null | undefined;
  readonly sliding_window_pattern?: number | null | undefined;
  readonly layer_types?: readonly ("full_attention" | "sliding_attention")[] | null | undefined;
}

/** Layers with a window first, then those without. A window that is stated but not used does not count. */
export function attentionLayers(config: WindowConfig, family: Family, path: string): readonly AttentionLayers[] {
  const layers = config.num_hidden_layers;
  const types = config.layer_types ?? undefined;
  if (types !== undefined && types.length !== layers) {
    throw new InputError(
      `${path} layer_types`,
      `a list of ${types.length} is not allowed; expected ${layers} entries, as num_hidden_layers says`,
    );
  }
  const window = config.sliding_window ?? 0;
  const sliding = types?.filter((type) => type === "sliding_attention").length;
  if (sliding !== undefined && sliding > 0 && window === 0) {
    throw new InputError(
      `${path} sliding_window`,
      "is missing; expected a whole number from 1, as layer_types needs it",
    );
  }
  if (window === 0 || config.use_sliding_window === false) return [{ layers }];
  const windowed = sliding ?? windowedLayers(config, family);
  return [{ layers: windowed, window }, { layers: layers - windowed }].filter((group) => group.layers > 0);
}

/** How many layers have the window, by the family's rule. */
function windowedLayers(config: WindowConfig, family: Family): number {
  const layers = config.num_hidden_layers;
  switch (family.windows) {
    case "none":
      return 0;
    case "all":
      return layers;
    case "flag": // Qwen: the first max_window_layers see everything
      return config.use_sliding_window === true ? Math.max(0, layers - (config.max_window_layers ?? 28)) : 0;
    case "alternating": // the first layer has it
      return Math.ceil(layers / 2);
    case "pattern": // every n-th sees everything
      return layers - Math.floor(layers / (config.sliding_window_pattern ?? 6));
  }
}
