import type { MeasuredCase, Publication, PublicationName } from "./case.js";
import { CLOSED_LOOP, CLOSED_LOOP_CASES } from "./table-closed-loop.js";
import { ML_ENERGY, ML_ENERGY_CASES } from "./table-ml-energy.js";
import { R_KV, R_KV_CASES } from "./table-r-kv.js";
import { VLLM_015, VLLM_015_CASES } from "./table-vllm-0.15.js";
import { VLLM_023, VLLM_023_CASES } from "./table-vllm-0.23.js";

/** Every measured run that predictions are compared with. */
export const CASES: readonly MeasuredCase[] = [
  ...VLLM_023_CASES,
  ...VLLM_015_CASES,
  ...ML_ENERGY_CASES,
  ...CLOSED_LOOP_CASES,
  ...R_KV_CASES,
];

export const PUBLISHED: Readonly<Record<PublicationName, Publication>> = {
  "vllm-0.23": VLLM_023,
  "vllm-0.15": VLLM_015,
  "ml-energy": ML_ENERGY,
  "closed-loop": CLOSED_LOOP,
  "r-kv": R_KV,
};
