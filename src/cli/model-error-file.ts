import { fileURLToPath } from "node:url";
import type { ModelErrors } from "../serve/model-error.js";
import { modelErrors } from "../validate/model-errors.js";
import { readJson } from "./scenario-file.js";
import { PACKAGE } from "./version.js";

/** How far predictions of runs on a device were from what was measured, by the validation page of the package. */
export function committedErrors(hardware: string): ModelErrors {
  const path = fileURLToPath(new URL("reports/validation/result.json", PACKAGE));
  return modelErrors(readJson(path), hardware, path);
}
