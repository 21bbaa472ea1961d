import type { PolicyQuality } from "../../replay/quality.js";
import { nameOf } from "../replay-table.js";
import { DASHES, PALETTE } from "../theme.js";

/** Policies that differ in nothing but their budget are one series. */
export interface Member {
  readonly series: string;
  /** Tokens, as in the policy's label; null if it has no budget. */
  readonly budget: number | null;
}

/**
 * The series and budget of a policy: its label carries the value of the first parameter, the budget ("Quest 512"). A
 * first parameter that is no number of tokens is a share ("Twilight 0.85").
 */
export function memberOf({ label, parameters, oracle }: PolicyQuality): Member {
  const [first] = Object.values(parameters);
  const words = label.split(" ");
  const budget = Number.isInteger(first) && Number(first) > 1 && words.includes(String(first)) ? Number(first) : null;
  const name = words.filter((word) => word !== String(budget)).join(" ");
  return { series: nameOf({ label: name, oracle }), budget };
}

export function budgetsOf(policies: readonly PolicyQuality[]): readonly number[] {
  const budgets = policies.map((policy) => memberOf(policy).budget).filter((budget) => budget !== null);
  return [...new Set(budgets)].sort((a, b) => a - b);
}

/** Without the grey at its end, which is for oracles. */
const COLORS = PALETTE.slice(0, -1);
const ORACLE_COLOR = "#7F7F7F";
const ORACLE_DASHES = [
  [2, 3],
  [6, 3, 1, 3],
  [1, 2],
] as const;

/**
 * Colour and dash of each series, the same in every chart of these policies; the legend names those that are drawn.
 * Oracles are grey and dotted: bounds, not policies.
 */
export function seriesStyle(
  policies: readonly PolicyQuality[],
  drawn: readonly PolicyQuality[] = policies,
): { readonly color: object; readonly strokeDash: object } {
  const names = (of: readonly PolicyQuality[], oracle: boolean): string[] => [
    ...new Set(of.filter((each) => (each.oracle !== undefined) === oracle).map((each) => memberOf(each).series)),
  ];
  const [real, oracles] = [names(policies, false), names(policies, true)];
  const rank = (name: string): number => (real.includes(name) ? real.indexOf(name) : oracles.indexOf(name));
  const domain = [...names(drawn, false), ...names(drawn, true)];
  // A second round of the colours has other dashes.
  const color = (name: string): string =>
    real.includes(name) ? (COLORS[rank(name) % COLORS.length] as string) : ORACLE_COLOR;
  const dash = (name: string): readonly number[] | undefined =>
    real.includes(name)
      ? DASHES[(rank(name) + Math.floor(rank(name) / COLORS.length)) % DASHES.length]
      : ORACLE_DASHES[rank(name) % ORACLE_DASHES.length];
  const field = { field: "series", type: "nominal", legend: LINE_LEGEND };
  return {
    color: { ...field, scale: { domain, range: domain.map(color) } },
    strokeDash: { ...field, scale: { domain, range: domain.map(dash) } },
  };
}

/** A line long enough to show a dash pattern, whatever the marks. */
export const LINE_LEGEND = { symbolType: "stroke", symbolSize: 700 } as const;
