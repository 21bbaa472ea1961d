import { DIRECTIONS, type LayerPlan, type Role, type SyntheticKind } from "./synthetic-plan.js";

/**
 * Keys and queries whose softmax is the planned attention, in coordinates that are rotated afterwards. Keys have a
 * coordinate that grows with the position, so that every head's window is an exponential of the distance, and directions
 * of their own for sinks and tokens with a role; a query's coordinates along them are the logits it wants there.
 * Directions are used again once the ramp has buried who had them before.
 */

export const SINKS = 4;
const RAMP = 0; // direction of the position
const SINK = 1;
const MILESTONE = 2;
const PHOENIX = MILESTONE + DIRECTIONS.milestone;
const ECHO = PHOENIX + DIRECTIONS.phoenix;
/** Channels a head needs: at least one for noise. */
export const LEAST_HEAD_DIM = ECHO + DIRECTIONS.echo + 1;
const CONTENT = ECHO + DIRECTIONS.echo; // this direction and all after it: noise
const RAMP_RANGE = 16; // keys' coordinate along RAMP runs over this
const ROLE_LENGTH = 4; // of a key along its role's direction
const CONTENT_DEVIATION = 0.3;
const LOGIT_NOISE = 0.3;
const MOST_ROLE_MASS = 0.5;

/** How each kind of head attends: e-folding distance of its recent window, and what its sinks get. */
const HABITS = {
  lazy: { reach: 16, sinks: 0.45 },
  milestone: { reach: 32, sinks: 0.3 },
  phoenix: { reach: 16, sinks: 0.4 },
} as const satisfies Readonly<Record<SyntheticKind, { reach: number; sinks: number }>>;

export function fillKey(
  key: Float64Array,
  plan: LayerPlan,
  head: number,
  position: number,
  totalTokens: number,
  normal: () => number,
): void {
  key[RAMP] = RAMP_RANGE * (position / totalTokens - 0.5);
  if (position < SINKS) key[SINK] = ROLE_LENGTH;
  const mark = (roles: readonly Role[] | undefined, base: number): boolean => {
    const role = roles?.find(({ first, end }) => first <= position && position < end);
    if (role !== undefined) key[base + role.direction] = ROLE_LENGTH;
    return role !== undefined;
  };
  // One role a token: a milestone inside an echo would be lifted again by the next milestone of its direction.
  if (!mark(plan.milestones[head], MILESTONE) && !mark(plan.phoenixes[head], PHOENIX)) mark(plan.echoes, ECHO);
  for (let c = CONTENT; c < key.length; c++) key[c] = CONTENT_DEVIATION * normal();
}

/** Logits per unit of a key's coordinates. The newest token's, from the ramp alone, is the zero of what is wanted. */
export function fillQuery(
  query: Float64Array,
  plan: LayerPlan,
  head: number,
  kvHead: number,
  position: number,
  totalTokens: number,
  normal: () => number,
): void {
  const kind = plan.kinds[head] as SyntheticKind;
  const { reach, sinks } = HABITS[kind];
  /** Logarithm of the mass of positions first … end - 1 by the ramp alone; the mass of the newest is 1. */
  const rampMass = (first: number, end: number): number =>
    (end - 1 - position) / reach + Math.log(-Math.expm1((first - end) / reach) / -Math.expm1(-1 / reach));
  const asked: { base: number; role: Role; mass: number }[] = [];
  const ask = (roles: readonly Role[] | undefined, base: number): void => {
    for (const role of roles ?? []) {
      const burst = role.bursts.find(({ from, to }) => from <= position && position < to);
      if (burst === undefined) continue;
      const left = (burst.to - position) / (burst.to - burst.from);
      const mass = base === MILESTONE ? role.mass * Math.min(1, 3 * left) : role.mass;
      asked.push({ base, role, mass });
    }
  };
  ask(plan.echoes, ECHO);
  if (kind === "milestone") ask(plan.milestones[kvHead], MILESTONE);
  if (kind === "phoenix") ask(plan.phoenixes[kvHead], PHOENIX);
  const roleMass = asked.reduce((sum, { mass }) => sum + mass, 0);
  const fit = Math.min(1, MOST_ROLE_MASS / roleMass);
  const total = rampMass(0, position + 1) - Math.log(1 - sinks - fit * roleMass);
  query[RAMP] = totalTokens / (RAMP_RANGE * reach);
  query[SINK] = (Math.log(sinks) + total - rampMass(0, SINKS)) / ROLE_LENGTH;
  for (const { base, role, mass } of asked) {
    const logit = Math.log(fit * mass) + total - rampMass(role.first, role.end);
    query[base + role.direction] = logit / ROLE_LENGTH;
  }
  const noise = LOGIT_NOISE / (CONTENT_DEVIATION * Math.sqrt(query.length - CONTENT));
  for (let c = CONTENT; c < query.length; c++) query[c] = noise * normal();
}

export function fillValue(value: Float64Array, position: number, normal: () => number): void {
  const length = position < SINKS ? 0.1 : 1; // sinks say little
  for (let c = 0; c < value.length; c++) value[c] = length * normal();
}
