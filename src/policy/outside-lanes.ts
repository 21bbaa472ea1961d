import { InputError } from "../core/check.js";
import type { RangeSet } from "../core/range-set.js";
import { TRACE_CHANNELS } from "../trace/attention-trace.js";
import type { HeadGroup, Lane, Lanes } from "./lane.js";
import { guard, isFields, isStrings, requireCount, requireType } from "./module-checks.js";
import { OutsideView } from "./outside-view.js";

const GROUPS: readonly HeadGroup[] = ["query-head", "kv-head", "layer"];
const ORACLES = ["step", "future"];

/** The lanes of a user's module: looked at, and whatever they throw or hand out wrongly is said with the file's name. */
export function guardedLanes(given: unknown, path: string): Lanes {
  requireLanes(given, path);
  const survey = given.survey?.bind(given);
  return {
    ...given,
    ...(survey === undefined
      ? {}
      : {
          survey: (layer) => guard(path, "lanes.survey", () => survey(new OutsideView(layer, given, path))),
        }),
    start(prompt) {
      const view = new OutsideView(prompt, given, path);
      const lane = guard(path, "lanes.start", () => given.start(view));
      requireLane(lane, path);
      return guardedLane(lane, view, path);
    },
  };
}

function guardedLane(lane: Lane, view: OutsideView, path: string): Lane {
  return {
    get held() {
      return requireRangeSet(lane.held, path, "held");
    },
    select(step) {
      const where = `select at step ${step.step}`;
      return requireRangeSet(
        guard(path, where, () => lane.select(view.at(step))),
        path,
        `what ${where} returns`,
      );
    },
    update(step, attention) {
      guard(path, `update at step ${step.step}`, () => lane.update(view.at(step), attention));
    },
  };
}

function requireLanes(given: unknown, path: string): asserts given is Lanes {
  const where = "lanes";
  if (!isFields(given)) throw new InputError(path, `${where} is not an object`);
  const { needs, group, oracle, seesLayer, survey } = given;
  const channels = Object.keys(TRACE_CHANNELS);
  if (!isStrings(needs)) throw new InputError(path, `${where}: needs is not a list of strings`);
  const unknown = needs.find((need) => !channels.includes(need));
  if (unknown !== undefined) {
    throw new InputError(path, `${where}: needs has ${unknown}; known are ${channels.join(", ")}`);
  }
  if (!GROUPS.some((known) => known === group)) {
    throw new InputError(path, `${where}: group is ${JSON.stringify(group)}; allowed are ${GROUPS.join(", ")}`);
  }
  requireType(given, "observes", "boolean", path, where);
  requireCount(given, "lookback", path, where);
  requireType(given, "start", "function", path, where);
  if (survey !== undefined) requireType(given, "survey", "function", path, where);
  if (oracle !== undefined && !ORACLES.some((known) => known === oracle)) {
    throw new InputError(
      path,
      `${where}: oracle is ${JSON.stringify(oracle)}; allowed are ${ORACLES.join(", ")}, or none`,
    );
  }
  if (seesLayer !== undefined && seesLayer !== true) {
    throw new InputError(path, `${where}: seesLayer is neither true nor left out`);
  }
}

function requireLane(lane: unknown, path: string): asserts lane is Lane {
  const where = "what lanes.start returns";
  if (!isFields(lane)) throw new InputError(path, `${where} is not an object`);
  requireRangeSet(lane["held"], path, `${where}: held`);
  requireType(lane, "select", "function", path, where);
  requireType(lane, "update", "function", path, where);
}

/** By its shape: the module may have got the class from another copy of the package. */
function requireRangeSet(set: unknown, path: string, where: string): RangeSet {
  const methods = ["has", "includes", "countOf", "pairs", "writeTo"];
  if (isFields(set) && methods.every((method) => typeof set[method] === "function")) return set as unknown as RangeSet;
  throw new InputError(path, `${where} is not a RangeSet`);
}
