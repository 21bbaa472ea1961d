import { adakv } from "./adakv.js";
import { cake } from "./cake.js";
import { dense } from "./dense.js";
import { DENSE_LAYERS, withDenseLayers } from "./dense-layers.js";
import { dms } from "./dms.js";
import { h2o } from "./h2o.js";
import { infllm } from "./infllm.js";
import { keyformer } from "./keyformer.js";
import { lazyEviction } from "./lazy-eviction.js";
import { morphkv } from "./morphkv.js";
import { nacl } from "./nacl.js";
import { oracleClairvoyant } from "./oracle-clairvoyant.js";
import { oracleTopk } from "./oracle-topk.js";
import { oracleTopp } from "./oracle-topp.js";
import type { ParameterValue, Policy, PolicyDefinition } from "./policy.js";
import { pyramidkv } from "./pyramidkv.js";
import { quest } from "./quest.js";
import { questOracle } from "./quest-oracle.js";
import { rKv } from "./r-kv.js";
import { raas } from "./raas.js";
import { random } from "./random.js";
import { rpc } from "./rpc.js";
import { scissorhands } from "./scissorhands.js";
import { seerattentionR } from "./seerattention-r.js";
import { slidingWindow } from "./sliding-window.js";
import { snapkv } from "./snapkv.js";
import { snapkvD } from "./snapkv-d.js";
import { streamingLlm } from "./streaming-llm.js";
import { tova } from "./tova.js";
import { twilight } from "./twilight.js";

export type PolicyName =
  | "dense"
  | "sliding-window"
  | "streaming-llm"
  | "random"
  | "h2o"
  | "scissorhands"
  | "tova"
  | "keyformer"
  | "morphkv"
  | "snapkv"
  | "snapkv-d"
  | "pyramidkv"
  | "adakv"
  | "nacl"
  | "cake"
  | "lazy-eviction"
  | "rpc"
  | "quest"
  | "twilight"
  | "infllm"
  | "raas"
  | "r-kv"
  | "seerattention-r"
  | "dms"
  | "quest-oracle"
  | "oracle-topk"
  | "oracle-topp"
  | "oracle-clairvoyant";

/** Every built-in policy. Dense has no denseLayers: it would change nothing. */
export const POLICIES: Readonly<Record<PolicyName, PolicyDefinition>> = {
  dense,
  "sliding-window": withDenseLayers(slidingWindow, 0),
  "streaming-llm": withDenseLayers(streamingLlm, 0),
  random: withDenseLayers(random, 0),
  h2o: withDenseLayers(h2o, 0),
  scissorhands: withDenseLayers(scissorhands, 0),
  tova: withDenseLayers(tova, 0),
  keyformer: withDenseLayers(keyformer, 0),
  morphkv: withDenseLayers(morphkv, 0),
  snapkv: withDenseLayers(snapkv, 0),
  "snapkv-d": withDenseLayers(snapkvD, 0),
  pyramidkv: withDenseLayers(pyramidkv, 0),
  adakv: withDenseLayers(adakv, 0),
  nacl: withDenseLayers(nacl, 0),
  cake: withDenseLayers(cake, 0),
  "lazy-eviction": withDenseLayers(lazyEviction, 0),
  rpc: withDenseLayers(rpc, 0),
  quest: withDenseLayers(quest, 2),
  twilight: withDenseLayers(twilight, 2),
  infllm: withDenseLayers(infllm, 0),
  raas: withDenseLayers(raas, 0),
  "r-kv": withDenseLayers(rKv, 0),
  "seerattention-r": withDenseLayers(seerattentionR, 0),
  dms: withDenseLayers(dms, 0),
  "quest-oracle": withDenseLayers(questOracle, 2),
  "oracle-topk": withDenseLayers(oracleTopk, 0),
  "oracle-topp": withDenseLayers(oracleTopp, 0),
  "oracle-clairvoyant": withDenseLayers(oracleClairvoyant, 0),
};

/** Builds a policy; values not given are the defaults. Its name is a specification that builds the same policy again. */
export function createPolicy(
  kind: string,
  definition: PolicyDefinition,
  values: Readonly<Record<string, ParameterValue>>,
): Policy {
  const entries = Object.entries(definition.parameters).map(
    ([key, parameter]) => [key, values[key] ?? parameter.default] as const,
  );
  const parameters = Object.fromEntries(entries);
  const body = definition.create(parameters);
  const changed = entries.filter(([key, value]) => value !== definition.parameters[key]?.default);
  const written = changed.map(([key, value]) => `${key}=${String(value)}`);
  const words = body.label.split(" ");
  const unlabelled = written.filter((_, i) => !isInLabel(words, entries[0]?.[0], changed[i]));
  return {
    ...body,
    name: written.length === 0 ? kind : `${kind}:${written.join(",")}`,
    label: unlabelled.length === 0 ? body.label : `${body.label} (${unlabelled.join(", ")})`,
    kind,
    parameters,
    denseLayers: Number(parameters[DENSE_LAYERS] ?? 0),
    source: definition.source,
  };
}

/** Labels carry the value of the first parameter, the budget: "Quest 512". */
function isInLabel(
  words: readonly string[],
  first: string | undefined,
  entry: readonly [string, ParameterValue] | undefined,
): boolean {
  return entry !== undefined && entry[0] === first && words.includes(String(entry[1]));
}
