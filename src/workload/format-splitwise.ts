import type { FieldsFormat } from "./log-fields.js";

/** splitwise-sim: github.com/Mutinifni/splitwise-sim. Its request ids restart in every file and are not read. */
export const SPLITWISE: FieldsFormat = {
  name: "splitwise-sim",
  marks: ["application_id"],
  fields: {
    arrival: { name: "arrival_timestamp", unit: "s" },
    prompt: "prompt_size",
    output: "token_size",
  },
};
