import type { FieldsFormat } from "./log-fields.js";

/** The product's own log: CSV, JSON lines or Parquet with these columns, the last seven if it likes. Equal prompt ids are identical prompts. */
export const OWN: FieldsFormat = {
  name: "raas-sim",
  fields: {
    arrival: { name: "arrival_s", unit: "s" },
    prompt: "prompt_tokens",
    output: "output_tokens",
    reasoning: "reasoning_tokens",
    session: "session",
    priority: "priority",
    promptId: "prompt_id",
    think: "think_s",
    blocks: "prefix_blocks",
    blockTokens: "block_tokens",
  },
};
