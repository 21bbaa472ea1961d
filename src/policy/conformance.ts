import { at, type Line } from "../core/line.js";
import type { LayerFootprint, Lengths, Policy } from "./policy.js";

const STEPS = 512; // each of them is looked at; beyond, powers of two and the last one
const FAR = 2 ** 20;

/**
 * The laws every footprint obeys, checked at the given lengths; the violations in words, none if all hold.
 * Counts are integers ≥ 0; lines keep their word for every step below steadyFor; resident grows by 0 or 1 a step;
 * nothing is read or scored that is not there, and no more memory is held than the pages of all tokens take.
 */
export function footprintViolations(policy: Policy, cases: readonly Lengths[]): string[] {
  const violations: string[] = [];
  for (const lengths of cases) {
    const say = (problem: string): void => {
      violations.push(`${policy.name} at prompt ${lengths.prompt}, generated ${lengths.generated}: ${problem}`);
    };
    const print = policy.footprint(lengths);
    if (checkShape(print, say)) checkSteps(policy, lengths, print, say);
  }
  return violations;
}

function checkShape({ resident, read, scored, steadyFor }: LayerFootprint, say: (problem: string) => void): boolean {
  let sound = true;
  const require = (holds: boolean, problem: string): void => {
    if (!holds) say(problem);
    sound &&= holds;
  };
  for (const [name, line] of Object.entries({ resident, read, scored })) {
    require(isCount(line.now) && isCount(line.perStep), `${name} is ${show(line)}, not of integers ≥ 0`);
  }
  require(resident.perStep === 0 || resident.perStep === 1, `resident grows by ${resident.perStep} a step`);
  require(steadyFor === Infinity || (Number.isSafeInteger(steadyFor) && steadyFor >= 1), `steadyFor is ${steadyFor}`);
  return sound;
}

function checkSteps(policy: Policy, lengths: Lengths, print: LayerFootprint, say: (problem: string) => void): void {
  const pageRest = Math.max(1, policy.indexPageTokens) - 1;
  if (policy.indexPageTokens === 0 && (print.scored.now > 0 || print.scored.perStep > 0)) {
    say("pages are scored without an index");
  }
  for (const k of stepsWithin(print.steadyFor)) {
    const tokens = lengths.prompt + lengths.generated + k;
    const [resident, read, scored] = [at(print.resident, k), at(print.read, k), at(print.scored, k)];
    const problems: string[] = [];
    if (read < 1) problems.push("the new token is not read");
    if (read > Math.min(tokens, resident)) problems.push(`reads ${read} of ${tokens} tokens, ${resident} of them held`);
    if (scored > Math.min(tokens, resident)) problems.push(`scores ${scored} of ${tokens} tokens, ${resident} held`);
    if (resident > tokens + pageRest) problems.push(`holds ${resident} for ${tokens} tokens`);
    if (k > 0)
      problems.push(...brokenWords(policy.footprint({ ...lengths, generated: lengths.generated + k }), print, k));
    problems.forEach((problem) => say(`${k} steps on: ${problem}`));
    if (problems.length > 0) return; // one step tells enough
  }
}

function brokenWords(later: LayerFootprint, print: LayerFootprint, k: number): string[] {
  return (["resident", "read", "scored"] as const)
    .filter((name) => later[name].now !== at(print[name], k))
    .map((name) => `${name} is ${later[name].now}, promised was ${at(print[name], k)}`);
}

function stepsWithin(steadyFor: number): number[] {
  const steps = Array.from({ length: Math.min(steadyFor, STEPS) }, (_, k) => k);
  for (let k = STEPS; k < steadyFor && k <= FAR; k *= 2) steps.push(k);
  if (steadyFor > STEPS && steadyFor < Infinity) steps.push(steadyFor - 1);
  return steps;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function show({ now, perStep }: Line): string {
  return `${now} + k · ${perStep}`;
}
