import { InputError } from "../core/check.js";
import { kvBytesPerTokenLayer, parameterCount, weightBytes } from "../model/size.js";
import { MODELS } from "../model/shapes.js";
import { POLICIES } from "../policy/table.js";
import { ENGINE_PRESETS, type BatchLimits, type EngineName, type EnginePreset } from "../serve/engine-presets.js";
import { lengthForm, lengthTable } from "../report/length-table.js";
import { textTable } from "../report/text-table.js";
import type { TraceMetadata } from "../trace/attention-trace.js";
import { lengthFit } from "./length-option.js";
import { openRecording, recordingNames } from "./recordings.js";
import {
  isPath,
  profileNames,
  publishedModel,
  resolveModel,
  resolveProfile,
  workloadNames,
  workloadPath,
} from "./resolve.js";
import { readBytes } from "./scenario-file.js";

export const LISTS = ["models", "hardware", "engines", "policies", "workloads", "recordings"] as const;
export type ListName = (typeof LISTS)[number];

/** What `show` knows beside the names that `list` prints. */
const LENGTH_INFLATION = "length-inflation";
const GIB = 2 ** 30;

/** The table of `raas-sim list`. */
export function listing(what: ListName): string {
  switch (what) {
    case "models":
      return table(
        ["model", "parameters", "active", "weights GiB", "KV bytes/token", "context"],
        Object.values(MODELS).map((model) => {
          const { total, active } = parameterCount(model);
          return [
            model.name,
            billions(total),
            billions(active),
            (weightBytes(model) / GIB).toFixed(1),
            (model.layers * kvBytesPerTokenLayer(model, "bf16", 1)).toLocaleString("en-US"),
            model.maxPositions.toLocaleString("en-US"),
          ];
        }),
      );
    case "hardware":
      return table(
        ["hardware", "memory GiB", "bandwidth TB/s", "bf16 TFLOP/s", "fp8 TFLOP/s", "power W", "$/h", "kind"],
        profileNames().map((name) => {
          const p = resolveProfile(name);
          const fp8 = p.peakFlops.fp8 === null ? "-" : (p.peakFlops.fp8 / 1e12).toFixed(0);
          return [
            name,
            (p.memoryBytes / GIB).toFixed(1),
            (p.bandwidthBytesPerSecond / 1e12).toFixed(2),
            (p.peakFlops.bf16 / 1e12).toFixed(0),
            fp8,
            p.peakPowerW.toFixed(0),
            p.pricePerHour.toFixed(2),
            p.kind,
          ];
        }),
      );
    case "engines":
      return engines();
    case "policies":
      return table(
        ["policy", "what it does", "parameters and defaults"],
        Object.entries(POLICIES).map(([name, { parameters, title }]) => [
          name,
          title,
          wrapped(Object.entries(parameters).map(([key, { default: value }]) => `${key}=${String(value)}`)),
        ]),
      );
    case "workloads":
      return table(
        ["workload", "what it is"],
        workloadNames().map((name) => [name, workloadTitle(name)]),
      );
    case "recordings":
      return table(
        ["recording", "model", "layers", "prompt", "decode steps", "text", "licence of the text"],
        recordingNames().map((name) => {
          const { model, layers, layersTotal, promptTokens, totalTokens, source, sourceLicense } = metadataOf(name);
          return [
            name,
            model,
            `${layers.join(", ")} of ${layersTotal}`,
            promptTokens.toLocaleString("en-US"),
            (totalTokens - promptTokens).toLocaleString("en-US"),
            source,
            sourceLicense,
          ];
        }),
      );
  }
}

/** Where limits differ between GPUs, those of at least 70 GiB come first (engine-defaults.ts). */
function engines(): string {
  return table(
    ["engine", "memory share", "batched tokens", "sequences", "async", "graphs", "prefix cache"],
    Object.entries(ENGINE_PRESETS).map(([name, preset]: readonly [string, EnginePreset]) => {
      const { largeGpu, otherGpu, defaults } = preset;
      const limits = (key: keyof BatchLimits): string => [...new Set([largeGpu[key], otherGpu[key]])].join(" | ");
      const switched = [defaults["async-scheduling"], defaults["cuda-graphs"], defaults["enable-prefix-caching"]];
      return [
        name,
        defaults["gpu-memory-utilization"].toFixed(2),
        limits("max-num-batched-tokens"),
        limits("max-num-seqs"),
        ...switched.map((on) => (on ? "yes" : "no")),
      ];
    }),
  );
}

/** What `raas-sim show NAME` prints: everything known of one name, or of a file of the user's, as JSON. */
export async function showing(name: string): Promise<string> {
  if (Object.hasOwn(MODELS, name)) return json(await resolveModel(name));
  if (profileNames().includes(name)) return json(resolveProfile(name));
  if (Object.hasOwn(POLICIES, name)) {
    const { title, parameters, source } = POLICIES[name as keyof typeof POLICIES];
    return json({ name, title, source, parameters });
  }
  if (Object.hasOwn(ENGINE_PRESETS, name)) return json({ name, ...ENGINE_PRESETS[name as EngineName] });
  if (workloadNames().includes(name)) {
    const path = workloadPath(name);
    return path.endsWith(".json") ? json(JSON.parse(new TextDecoder().decode(readBytes(path)))) : workloadTitle(name);
  }
  if (name === LENGTH_INFLATION) return lengthInflation();
  if (recordingNames().includes(name)) return json(metadataOf(name));
  const published = publishedModel(name);
  if (published !== undefined) return json(published);
  if (isPath(name)) return json(await (await import("./show-file.js")).fileFacts(name));
  throw new InputError(
    "show",
    `"${name}" is not known; see raas-sim list ${LISTS.slice(0, -1).join(", ")} or ${LISTS.at(-1)}, or give the path of a file`,
  );
}

/** The fit that --length-inflation published uses, beside what was published. */
async function lengthInflation(): Promise<string> {
  const fit = await lengthFit("published");
  if (fit === undefined) return "";
  const { rows, columns } = lengthTable(fit);
  return `${lengthForm(fit)}\n\n${table(columns, rows)}`;
}

function metadataOf(recording: string): TraceMetadata {
  const trace = openRecording(recording);
  trace.close();
  return trace.metadata;
}

function workloadTitle(name: string): string {
  const path = workloadPath(name);
  if (!path.endsWith(".json")) return "request log, generated (see workloads/README.md)";
  return (JSON.parse(new TextDecoder().decode(readBytes(path))) as { title: string }).title;
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return textTable(
    columns.map((title, i) => ({
      title,
      align: i > 0 && /^(-|[\d.,]+)( [A-Z])?$/.test(rows[0]?.[i] ?? "") ? "right" : "left",
    })),
    rows.map((row) => [...row]),
  );
}

/** Words in lines of at most 60 characters. */
function wrapped(words: readonly string[]): string {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > 60) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join("\n");
}

function billions(count: number): string {
  return `${(count / 1e9).toFixed(2)} B`;
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
