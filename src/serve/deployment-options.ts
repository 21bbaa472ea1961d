import * as z from "zod";
import { SCENARIO_OPTIONS } from "./options.js";

const OPTIONS = SCENARIO_OPTIONS.partial().shape;
const name = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, { error: "expected lower-case letters, digits and hyphens" });

/** One of several deployments: what it has of its own; the rest is the file's. */
export const DEPLOYMENT = z.strictObject({
  name,
  tenants: z.array(z.string().min(1)).min(1).optional().describe("tenants of the workload whose requests it serves"),
  ...OPTIONS,
});

/** A scenario file: one deployment, or several with what they have in common beside them. */
export const SCENARIO_FILE = z.union([
  SCENARIO_OPTIONS,
  z.strictObject({
    ...OPTIONS,
    deployments: z.array(DEPLOYMENT).min(1).describe("several deployments, each with options of its own over these"),
  }),
]);
