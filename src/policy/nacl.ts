import { definePolicy, HEAD_GROUPS, KV_OR_QUERY_HEAD, NO_WORK, QUERY_HEAD_NOTE } from "./definition.js";
import { gumbel } from "./gumbel.js";
import type { Lane, PromptView } from "./lane.js";
import { compressPromptOnce, ONCE_NOTE, PrefillLane } from "./prefill-compression.js";
import { windowRows } from "./prompt-votes.js";
import { TopK } from "./top-k.js";

const MOST_PROXIES = 128; // queries whose logits a replay keeps

/**
 * NACL (ACL 2024, 2024.acl-long.428; PaddlePaddle/Research, NLP/ACL2024-NACL/src/llama_nacl_patch.py): of a long prompt stay
 * the first and the newest tokens, of the others those that its last queries attend to most, and some by chance, drawn
 * one after the other with the softmax of the same scores as odds. Each head for itself. Departures: scores of a KV head
 * are means over its query heads (the code knows only as many keys as queries; headGroup=queryHead); proxies do not look
 * ahead, where the code leaves the mask out; of prompts over 12 800 tokens 128 queries vote, not 1 %; the newest
 * protect · P - sinks tokens are none where that is negative, which breaks the code; and as of SnapKV the first decode step
 * still reads all.
 */
export const nacl = definePolicy({
  title: "cuts a long prompt once: by its last queries' attention and by chance",
  source: "https://aclanthology.org/2024.acl-long.428/",
  parameters: {
    topShare: { ...share(0.12), help: "share of the prompt that stays for its attention" },
    randomShare: { ...share(0.07), help: "share of the prompt that stays by chance" },
    protectShare: { ...share(0.01), help: "share of the prompt that is protected, the first tokens among it" },
    sinks: { kind: "integer", default: 256, min: 0, max: 65_536, help: "first tokens, which stay" },
    proxyShare: {
      ...share(0.01),
      help: "share of the prompt's queries that vote, the last; does not change memory or reads",
    },
    minPrompt: { kind: "integer", default: 2048, min: 1, max: 1_048_576, help: "longer prompts are cut" },
    headGroup: KV_OR_QUERY_HEAD,
  },
  create: (rules) => ({
    label: `NACL ${rules.topShare}`,
    indexPageTokens: 0,
    work: NO_WORK,
    notes: [
      ONCE_NOTE,
      "Chance is that of the seed: one stream for each head.",
      ...(rules.headGroup === "queryHead" ? [QUERY_HEAD_NOTE] : []),
    ],
    footprint: (lengths) => compressPromptOnce(partsOf(rules, lengths.prompt).kept, lengths),
    lanes: {
      needs: ["attention", "queries"],
      group: HEAD_GROUPS[rules.headGroup],
      observes: false,
      lookback: MOST_PROXIES,
      start: (prompt) => start(prompt, rules),
    },
  }),
});

function share(usual: number) {
  return { kind: "number", default: usual, min: 0, max: 1 } as const;
}

interface NaclRules {
  readonly topShare: number;
  readonly randomShare: number;
  readonly protectShare: number;
  readonly sinks: number;
  readonly proxyShare: number;
  readonly minPrompt: number;
}

/** Tokens of a prompt by why they stay; all of it if it is not cut. */
function partsOf(rules: NaclRules, prompt: number): { recent: number; top: number; random: number; kept: number } {
  const recent = Math.max(0, Math.floor(rules.protectShare * prompt) - rules.sinks);
  const top = Math.floor(rules.topShare * prompt);
  const random = Math.floor(rules.randomShare * prompt);
  const kept = rules.sinks + recent + top + random;
  return { recent, top, random, kept: prompt > rules.minPrompt ? Math.min(kept, prompt) : prompt };
}

function start(prompt: PromptView, rules: NaclRules): Lane {
  const { promptTokens } = prompt;
  const { recent, top, random, kept } = partsOf(rules, promptTokens);
  if (kept === promptTokens) return new PrefillLane(promptTokens, undefined);
  const [from, to] = [rules.sinks, promptTokens - recent];
  const scores = proxyScores(prompt, Math.min(MOST_PROXIES, Math.floor(rules.proxyShare * promptTokens)));
  const chosen = new Set(new TopK(top).of(scores, from, to));
  const lots = scores.map((score, position) => (chosen.has(position) ? -Infinity : score + gumbel(prompt.rng)));
  for (const position of new TopK(random).of(lots, from, to)) chosen.add(position);
  const all = Array.from({ length: promptTokens }, (_, position) => position);
  return new PrefillLane(
    promptTokens,
    all.filter((position) => position < from || position >= to || chosen.has(position)),
  );
}

/** Sum over the proxies of the attention each prompt token draws, mean over the group. */
function proxyScores(prompt: PromptView, proxies: number): Float64Array {
  const scores = new Float64Array(prompt.promptTokens);
  for (let head = 0; head < prompt.queryHeads; head++) {
    for (const row of windowRows(prompt, head, proxies)) {
      row.forEach((weight, j) => (scores[j] = (scores[j] as number) + weight / prompt.queryHeads));
    }
  }
  return scores;
}
