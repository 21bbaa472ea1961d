import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { LoggerInterface } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";

const path = createRequire(import.meta.url).resolve("vega-lite/vega-lite-schema.json");
const ajv = new Ajv({ allowUnionTypes: true, strict: false });
addFormats.default(ajv);
ajv.addFormat("color-hex", () => true);
const valid = ajv.compile(JSON.parse(readFileSync(path, "utf8")) as object);

/** What the Vega-Lite schema and compiler have against a spec: nothing, if it is sound. */
export function chartFaults(spec: object): readonly string[] {
  const faults: string[] = valid(spec) ? [] : [ajv.errorsText(valid.errors)];
  const note = (...messages: readonly unknown[]): LoggerInterface => {
    faults.push(messages.map(String).join(" "));
    return logger;
  };
  const logger = {
    level: () => logger,
    error: note,
    warn: note,
    info: note,
    debug: note,
  } as unknown as LoggerInterface;
  compile(structuredClone(spec) as TopLevelSpec, { logger });
  return faults;
}
