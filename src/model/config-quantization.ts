import { InputError } from "../core/check.js";
import { isRecord, shown } from "./config-schema.js";
import type { WeightFormat } from "./model-shape.js";

const ALLOWED =
  "expected fp8, mxfp4, awq or gptq with 4 bits, bitsandbytes with load_in_4bit, or compressed-tensors with 4 or 8 bits";

/** In what a checkpoint stores its linear layers. `value`: quantization_config; undefined or null: 16 bits. */
export function weightFormatOf(value: unknown, path: string): WeightFormat {
  if (value === undefined || value === null) return "bf16";
  const key = `${path} quantization_config`;
  if (!isRecord(value)) throw new InputError(key, `${shown(value)} is not allowed; ${ALLOWED}`);
  switch (value["quant_method"]) {
    case "fp8":
    case "fbgemm_fp8":
      return "fp8";
    case "mxfp4":
      return "mxfp4";
    case "awq":
    case "gptq":
      if ((value["bits"] ?? value["w_bit"]) === 4) return "int4";
      throw new InputError(`${key}.bits`, `${shown(value["bits"])} is not allowed; expected 4`);
    case "bitsandbytes":
      if (value["load_in_4bit"] === true) return "int4";
      throw new InputError(`${key}.load_in_4bit`, `${shown(value["load_in_4bit"])} is not allowed; expected true`);
    case "compressed-tensors":
      return compressed(value, key);
    default:
      throw new InputError(`${key}.quant_method`, `${shown(value["quant_method"])} is not allowed; ${ALLOWED}`);
  }
}

/** 8-bit integers take the bytes, and where they multiply the time, of fp8. */
function compressed(value: Readonly<Record<string, unknown>>, key: string): WeightFormat {
  const groups = isRecord(value["config_groups"]) ? Object.entries(value["config_groups"]) : [];
  const formats = groups.map(([name, group]) => {
    const weights = isRecord(group) ? group["weights"] : undefined;
    const bits = isRecord(weights) ? weights["num_bits"] : undefined;
    if (bits === 8) return "fp8";
    if (bits === 4) return "int4";
    throw new InputError(
      `${key}.config_groups.${name}.weights.num_bits`,
      `${shown(bits)} is not allowed; expected 4 or 8`,
    );
  });
  const first = formats[0];
  if (first === undefined) throw new InputError(`${key}.config_groups`, "is missing; expected weights of 4 or 8 bits");
  if (formats.some((format) => format !== first)) {
    throw new InputError(`${key}.config_groups`, "groups of different bits are not allowed; expected all 4 or all 8");
  }
  return first;
}
