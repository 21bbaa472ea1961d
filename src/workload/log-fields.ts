import { InputError } from "../core/check.js";
import { TICKS_PER_SECOND } from "./azure-time.js";

/** How a column tells time: a number of units, or a wall clock, which is kept in ticks of 100 ns from its first row. */
export type TimeUnit = "s" | "ms" | "us" | "ns" | "clock";

export const TICKS: Readonly<Record<TimeUnit, number>> = {
  s: 1,
  ms: 1e3,
  us: 1e6,
  ns: 1e9,
  clock: TICKS_PER_SECOND,
};

/** The latest time a log may name, s: a second since 1970 passes, a millisecond read as a second does not. */
export const MAX_TIME_S = 1e11;

/** Names of the columns, or keys, of one request a row. */
export interface LogFields {
  readonly arrival: { readonly name: string; readonly unit: TimeUnit; readonly optional?: boolean } | undefined;
  readonly prompt: string;
  readonly output: string;
  readonly reasoning?: string;
  readonly session?: string;
  readonly priority?: string;
  readonly promptId?: string;
  readonly think?: string; // s from the end of the answer before
  readonly blocks?: string; // prefix blocks: whole numbers with blanks between
  readonly blockTokens?: string; // of a full block
}

/** A log of one request a row whose columns alone say what it is; CSV, JSON lines or Parquet. */
export interface FieldsFormat {
  readonly name: string;
  /** Other columns that a row of it must have. */
  readonly marks?: readonly string[];
  readonly fields: LogFields;
  /** Second of the day at time 0, where the publisher says so. */
  readonly midnight?: number;
}

/** Columns without which a log is not of the format. */
export function requiredFields({ fields, marks = [] }: FieldsFormat): readonly string[] {
  const { arrival, prompt, output } = fields;
  return [...(arrival === undefined || arrival.optional === true ? [] : [arrival.name]), prompt, output, ...marks];
}

/** Every column that is read. */
export function readFields({ fields }: FieldsFormat): readonly string[] {
  const { arrival, prompt, output, reasoning, session, priority, promptId, think, blocks, blockTokens } = fields;
  const others = [reasoning, session, priority, promptId, think, blocks, blockTokens];
  return [arrival?.name, prompt, output, ...others].filter((name) => name !== undefined);
}

const ROLES = [
  "arrival",
  "prompt",
  "output",
  "reasoning",
  "session",
  "priority",
  "prompt-id",
  "think",
  "blocks",
  "block-tokens",
] as const;
type Role = (typeof ROLES)[number];

/**
 * "arrival=ts:ms,prompt=in,output=out": which columns of a log mean what. Units of arrival: s (default), ms, us, ns, clock.
 * Throws InputError.
 */
export function parseColumns(text: string): FieldsFormat {
  const names = new Map<Role, string>();
  let unit: TimeUnit = "s";
  for (const part of text.split(",")) {
    const at = part.indexOf("=");
    const role = ROLES.find((known) => known === part.slice(0, at).trim());
    let name = part.slice(at + 1).trim();
    if (at < 0 || role === undefined || name === "") {
      throw new InputError(
        "columns",
        `"${part}" is not allowed; expected ROLE=NAME with commas between, roles ${ROLES.join(", ")}`,
      );
    }
    if (names.has(role)) throw new InputError("columns", `${role} is given twice`);
    const colon = name.lastIndexOf(":");
    if (role === "arrival" && colon >= 0) {
      const given = name.slice(colon + 1);
      if (!Object.hasOwn(TICKS, given)) {
        throw new InputError(
          "columns",
          `unit "${given}" is not allowed; expected one of ${Object.keys(TICKS).join(", ")}`,
        );
      }
      unit = given as TimeUnit;
      name = name.slice(0, colon);
    }
    names.set(role, name);
  }
  const [prompt, output, arrival] = [names.get("prompt"), names.get("output"), names.get("arrival")];
  if (prompt === undefined || output === undefined) {
    throw new InputError("columns", "must name the columns prompt=… and output=…");
  }
  const optional = {
    reasoning: names.get("reasoning"),
    session: names.get("session"),
    priority: names.get("priority"),
    promptId: names.get("prompt-id"),
    think: names.get("think"),
    blocks: names.get("blocks"),
    blockTokens: names.get("block-tokens"),
  };
  const given = Object.entries(optional).filter((entry) => entry[1] !== undefined);
  return {
    name: "columns as given",
    fields: {
      arrival: arrival === undefined ? undefined : { name: arrival, unit },
      prompt,
      output,
      ...(Object.fromEntries(given) as Partial<Record<keyof typeof optional, string>>),
    },
    marks: given.map(([, name]) => name as string),
  };
}
