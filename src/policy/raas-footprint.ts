import { InputError } from "../core/check.js";
import { constant, ZERO, type Line } from "../core/line.js";
import { roundUp } from "./closed-forms.js";
import type { LayerFootprint, Lengths } from "./policy.js";
import { overflowOf, pageScoreOf, type RaasRules } from "./raas-rules.js";

/** Throws InputError for a prompt over budget, if that is what the rules ask for. */
export function raasFootprint(rules: RaasRules, lengths: Lengths): LayerFootprint {
  const overflow = overflowOf(rules, lengths.prompt);
  if (overflow === "error") throw refusedPrompt(rules, lengths.prompt);
  const print = tokens(rules, lengths, overflow);
  const scored = pageScoreOf(rules) === "bound" || overflow === "questOnPrefill" ? print.scored : ZERO;
  return { ...print, scored };
}

export function refusedPrompt({ budget }: RaasRules, prompt: number): InputError {
  return new InputError(
    "policy raas",
    `a prompt of ${prompt} tokens is over budget=${budget}, and prefillOverflow=error; other choices keep or cut it`,
  );
}

function tokens(
  rules: RaasRules,
  { prompt, generated }: Lengths,
  overflow: RaasRules["prefillOverflow"] | undefined,
): LayerFootprint {
  const { budget, page, budgetIncludesPrefill } = rules;
  const held = prompt + generated;
  if (overflow === "topByLastQuery") {
    // prefill is dense: the first step sees the whole prompt
    if (generated === 1) return everything(constant(held), 1);
    const shared = roundUp(prompt, page) - prompt; // decoded tokens in the prompt's last page are pinned with it
    return capped(capacity(rules, budget, budget + shared), page, budget + generated);
  }
  const pinned = roundUp(Math.max(rules.pinPrefill ? prompt : 0, rules.sinks), page);
  if (overflow === "questOnPrefill") {
    return questOnPrefill(capacity(rules, prompt + budget, pinned), rules, { prompt, generated });
  }
  const most = capacity(rules, budgetIncludesPrefill ? budget : prompt + budget, pinned);
  if (generated === 1 && prompt > most) return everything(constant(held), 1);
  return capped(most, page, held);
}

/** Tokens held at most between steps: pinned pages and the newest ones cannot be dropped, whatever the budget. */
function capacity({ page, recent, protectLastPage }: RaasRules, asked: number, pinned: number): number {
  const newest = Math.max(recent, protectLastPage ? 1 : 0);
  return Math.max(asked, pinned + (newest === 0 ? 0 : newest + page - 1));
}

/**
 * Grows to the capacity; the token after that makes a page go, so steps read capacity - page + 2 … capacity + 1 in turn:
 * capacity + 1 - (page - 1) / 2 on average. Memory is held for the pages of the fullest step.
 */
function capped(most: number, page: number, held: number): LayerFootprint {
  if (held <= most) return everything({ now: held, perStep: 1 }, most - held + 1);
  const read = constant(most + 1 - Math.floor((page - 1) / 2));
  return { resident: constant(roundUp(most + 1, page)), read, scored: read, steadyFor: Infinity };
}

/** Of the prompt, full pages and its last one are read. */
function questOnPrefill(most: number, { budget, page }: RaasRules, { prompt, generated }: Lengths): LayerFootprint {
  const { read, steadyFor } = capped(most - prompt, page, generated);
  const ofPrompt = budget - (roundUp(prompt, page) - prompt);
  const held: Line = { now: prompt + read.now, perStep: read.perStep };
  const resident = read.perStep === 1 ? held : constant(roundUp(most + 1, page));
  return { resident, read: { now: ofPrompt + read.now, perStep: read.perStep }, scored: held, steadyFor };
}

function everything(line: Line, steadyFor: number): LayerFootprint {
  return { resident: line, read: line, scored: line, steadyFor };
}
