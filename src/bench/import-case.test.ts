import { expect, test } from "vitest";
import { parseRequestLog } from "../workload/request-log.js";
import { azureHours } from "./import-case.js";

test("the made file is an Azure log of as many rows, hour after hour", () => {
  const text = [...azureHours(40_000)].join("");
  const log = parseRequestLog(new TextEncoder().encode(text), "made");
  expect(log).toMatchObject({ format: "azure", length: 40_000, failed: 0, notes: [] });
  expect(log.arrival[19_366]).toBe(3600);
  expect(log.promptTokens[19_367]).toBe(log.promptTokens[1]);
});
