import * as z from "zod";
import { PROFILE } from "../hardware/profile-schema.js";
import { SCENARIO_FILE } from "../serve/deployment-options.js";
import { WORKLOAD_DEFINITION } from "../workload/definition.js";

/** Files that a user writes, and the schema that reads each. */
const FILES = {
  scenario: { schema: SCENARIO_FILE, title: "raas-sim scenario" },
  workload: { schema: WORKLOAD_DEFINITION, title: "raas-sim workload definition" },
  hardware: { schema: PROFILE, title: "raas-sim hardware profile" },
} as const;

export type SchemaName = keyof typeof FILES;
export const SCHEMA_NAMES = Object.keys(FILES) as readonly SchemaName[];

/**
 * JSON Schema (draft 2020-12) of a file, for editors to complete and check it. What depends on several keys at once, such
 * as weights that sum to 1, is checked only when the file is read.
 */
export function jsonSchema(name: SchemaName): object {
  const { schema, title } = FILES[name];
  return { ...z.toJSONSchema(schema, { io: "input" }), title };
}
