import { InputError } from "../core/check.js";
import { profilePath } from "./resolve.js";
import { readJson } from "./scenario-file.js";

/** Names that drivers give to devices → profiles with their datasheets. */
const PROFILES: readonly (readonly [name: RegExp, profile: string])[] = [
  [/H100 80GB HBM3/, "h100-sxm"],
  [/H100 NVL/, "h100-nvl"],
  [/H100 PCIe/, "h100-pcie"],
  [/H200/, "h200"],
  [/B200/, "b200"],
  [/A100.SXM.80GB/, "a100-sxm-80gb"],
  [/A100.SXM.40GB/, "a100-sxm-40gb"],
  [/A100.*PCIe.*80GB|A100 80GB PCIe/i, "a100-pcie-80gb"],
  [/A10G/, "a10g"],
  [/A40/, "a40"],
  [/L40S/, "l40s"],
  [/L4$/, "l4"],
  [/RTX 4090/, "rtx-4090"],
];

/** The profile's JSON whose peaks, power and price hold for a GPU; what is not measured stays as it is there. */
export function baseProfile(given: string | undefined, device: string): Readonly<Record<string, unknown>> {
  const name = given ?? PROFILES.find(([pattern]) => pattern.test(device))?.[1];
  if (name === undefined) {
    throw new InputError(
      "--hardware",
      `is missing: a profile that has the peaks of ${device}; a datasheet profile will do`,
    );
  }
  return readJson(profilePath(name)) as Record<string, unknown>;
}
