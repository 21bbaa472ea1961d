import type { FieldsFormat } from "./log-fields.js";

/** Vidur and Sarathi-Serve: github.com/microsoft/vidur, data/processed_traces. Some files have lengths and no arrivals. */
export const VIDUR: FieldsFormat = {
  name: "vidur",
  fields: {
    arrival: { name: "arrived_at", unit: "s", optional: true },
    prompt: "num_prefill_tokens",
    output: "num_decode_tokens",
    session: "session_id",
  },
};
