import { ClockTicks } from "./azure-time.js";
import {
  absent,
  clockOf,
  type Fail,
  nameOf,
  plainNumber,
  priorityOf,
  type Row,
  ticksOf,
  tokensOf,
} from "./json-values.js";
import { type FieldsFormat, readFields, requiredFields, TICKS } from "./log-fields.js";
import type { RowReader } from "./log-reader.js";
import { ignoredNote, type LogRows, type LogTraits } from "./log-rows.js";
import { type Extra, RowExtras } from "./row-extras.js";

/** Reads rows with one request each; `loose` takes numbers written as text and as bigint too. */
export function fieldsReader(format: FieldsFormat, loose: boolean): RowReader {
  const { arrival, prompt, output, reasoning, session, priority } = format.fields;
  const extras = new RowExtras(format.fields);
  const required = requiredFields(format);
  const known: ReadonlySet<string> = new Set([...readFields(format), ...(format.marks ?? [])]);
  const others = new Set<string>();
  const clock = new ClockTicks();
  const perSecond = TICKS[arrival?.unit ?? "s"];
  const number = loose ? plainNumber : (value: unknown): unknown => value;
  let timed = false;

  const time = (row: Row, fail: Fail): number => {
    if (arrival === undefined || (arrival.optional === true && absent(row[arrival.name]))) return 0;
    timed = true;
    const value = row[arrival.name];
    if (arrival.unit === "clock") return clockOf(value, arrival.name, clock, fail);
    return ticksOf(number(value), arrival.name, perSecond, fail);
  };

  return {
    read(row, rows: LogRows, fail, path) {
      const missing = required.filter((key) => row[key] === undefined);
      if (missing.length > 0) {
        throw fail(`no key ${missing.join(", ")}; found ${Object.keys(row).join(", ").slice(0, 300)}`);
      }
      for (const key in row) if (!known.has(key)) others.add(key.slice(0, 80));
      const out = tokensOf(number(row[output]), output, fail);
      const thought =
        reasoning === undefined || absent(row[reasoning]) ? 0 : tokensOf(number(row[reasoning]), reasoning, fail);
      if (thought > out) {
        throw fail(`${reasoning} ${thought} is more than ${output} ${out}, which include it`);
      }
      const asked = tokensOf(number(row[prompt]), prompt, fail);
      const added = rows.add(
        time(row, fail),
        asked,
        out,
        thought,
        priority === undefined ? 0 : priorityOf(number(row[priority]), fail),
        session === undefined ? "" : nameOf(row[session], session, fail),
      );
      if (!added) return;
      const text = (extra: Extra): string => {
        const name = format.fields[extra];
        return name === undefined ? "" : nameOf(row[name], name, fail);
      };
      extras.read(rows, asked, text, fail, path);
    },
    traits: (): Omit<LogTraits, "format"> => ({
      ticksPerSecond: perSecond,
      hasArrivals: timed,
      blockTokens: extras.blockTokens,
      midnight: arrival?.unit === "clock" ? clock.midnight : (format.midnight ?? null),
      notes: ignoredNote("keys", [...others].slice(0, 50)),
    }),
  };
}
