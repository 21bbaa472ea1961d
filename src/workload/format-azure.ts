import type { FieldsFormat, LogFields } from "./log-fields.js";

const FIELDS: LogFields = {
  arrival: { name: "TIMESTAMP", unit: "clock" },
  prompt: "ContextTokens",
  output: "GeneratedTokens",
};

/** Azure LLM inference traces of 2023 and 2024: github.com/Azure/AzurePublicDataset, CC BY 4.0. */
export const AZURE: FieldsFormat = { name: "azure", fields: FIELDS };

/** The multimodal trace of 2025 of the same publisher; images are counted, their tokens are not told apart. */
export const AZURE_MULTIMODAL: FieldsFormat = { name: "azure multimodal", marks: ["NumImages"], fields: FIELDS };
