import type { FieldsFormat, LogFields } from "./log-fields.js";

const FIELDS: LogFields = {
  arrival: { name: "Timestamp", unit: "s" }, // from midnight of the first day
  prompt: "Request tokens",
  output: "Response tokens", // 0 marks a failed call
};

/** BurstGPT, parts 1 and 2, six columns: github.com/HPMLL/BurstGPT, CC BY 4.0. */
export const BURSTGPT: FieldsFormat = { name: "burstgpt", marks: ["Log Type"], fields: FIELDS, midnight: 0 };

/** Part 3, eight columns. Its time does not start at midnight. */
export const BURSTGPT_SESSIONS: FieldsFormat = {
  name: "burstgpt with sessions",
  marks: ["Log Type", "Session ID", "Elapsed time"],
  fields: { ...FIELDS, session: "Session ID" },
};
