import type { QueryView } from "./lane.js";
import { windowRows } from "./prompt-votes.js";

export interface PreferenceRules {
  readonly window: number;
  readonly tau1: number;
  readonly tau2: number;
}

/**
 * A layer's claim on the memory shared by all: entropy^(1/tau1) · variance^(1/tau2) of the attention that the prompt's last
 * queries, of all heads, pay to the tokens before them; the variance over the window, summed over tokens.
 */
export function layerPreference(layer: QueryView, { window, tau1, tau2 }: PreferenceRules): number {
  const tokens = Math.max(0, layer.position + 1 - window);
  let entropy = 0;
  let variance = 0;
  for (let head = 0; head < layer.queryHeads; head++) {
    const rows = windowRows(layer, head, window);
    for (const row of rows) {
      for (let j = 0; j < tokens; j++) entropy -= (row[j] as number) * Math.log((row[j] as number) + 1e-10);
    }
    for (let j = 0; j < tokens; j++) variance += spread(rows, j).variance;
  }
  return Math.max(0, entropy) ** (1 / tau1) * variance ** (1 / tau2);
}

/** Mean and unbiased variance, over the window, of the attention that one token draws. */
export function spread(rows: readonly Float64Array[], token: number): { mean: number; variance: number } {
  let sum = 0;
  for (const row of rows) sum += row[token] as number;
  const mean = sum / rows.length;
  let squares = 0;
  for (const row of rows) squares += ((row[token] as number) - mean) ** 2;
  return { mean, variance: squares / (rows.length - 1) };
}

/**
 * Tokens for each layer: its share of `total`, at most `limit`. What does not fit, and what rounding left, goes in equal
 * parts to the layers below the limit, the first ones getting the remainder (adjust_budgets of the code).
 */
export function shareBudgets(preferences: readonly number[], total: number, limit: number): number[] {
  const sum = preferences.reduce((all, preference) => all + preference, 0);
  const asked = preferences.map((preference) =>
    Math.floor(sum > 0 ? (preference / sum) * total : total / preferences.length),
  );
  const budgets = asked.map((tokens) => Math.min(tokens, limit));
  dealOut(budgets, sumOf(asked) - sumOf(budgets), limit);
  dealOut(budgets, total - sumOf(budgets), limit);
  return budgets.map((tokens) => Math.min(tokens, limit));
}

function dealOut(budgets: number[], tokens: number, limit: number): void {
  const open = budgets.flatMap((budget, layer) => (budget < limit ? [layer] : []));
  open.forEach((layer, i) => {
    budgets[layer]! += Math.floor(tokens / open.length) + (i < tokens % open.length ? 1 : 0);
  });
}

function sumOf(budgets: readonly number[]): number {
  return budgets.reduce((sum, tokens) => sum + tokens, 0);
}
