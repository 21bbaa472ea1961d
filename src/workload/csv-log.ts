import { type AzureTime, ClockTicks, parseAzureTime } from "./azure-time.js";
import { CsvCursor, excerpt } from "./csv.js";
import { type Fail, timeProblem, unitName } from "./json-values.js";
import { type FieldsFormat, type LogFields, readFields, TICKS } from "./log-fields.js";
import { ignoredNote, type LogRows, type LogTraits, MAX_TOKENS } from "./log-rows.js";
import { type Extra, EXTRAS, RowExtras } from "./row-extras.js";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const WHOLE = /^([+-]?\d+)(\.0*)?$/;

const NO_EXTRAS = { promptId: -1, think: -1, blocks: -1, blockTokens: -1 } as const satisfies Record<Extra, number>;

type Places = Readonly<Record<keyof LogFields, number>>; // -1: there is no such column

/** Rows of a CSV log, a block of whole lines at a time. */
export class CsvReader {
  readonly #format: FieldsFormat;
  readonly #rows: LogRows;
  readonly #clock = new ClockTicks();
  readonly #time: AzureTime = { seconds: 0, ticks: 0 };
  readonly #others = new Set<string>();
  #columns = 0;
  #at: Places = { arrival: -1, prompt: -1, output: -1, reasoning: -1, session: -1, priority: -1, ...NO_EXTRAS };
  #timed = false;
  #hasExtras = false;
  readonly #extras: RowExtras;

  constructor(format: FieldsFormat, rows: LogRows) {
    this.#format = format;
    this.#rows = rows;
    this.#extras = new RowExtras(format.fields);
  }

  /** The header of the next file. */
  header(names: readonly string[]): void {
    const known = new Set([...readFields(this.#format), ...(this.#format.marks ?? [])]);
    for (const name of names) if (!known.has(name)) this.#others.add(name.slice(0, 80));
    const at = (name: string | undefined): number => (name === undefined ? -1 : names.indexOf(name));
    const { arrival, prompt, output, reasoning, session, priority } = this.#format.fields;
    this.#columns = names.length;
    this.#at = {
      arrival: at(arrival?.name),
      prompt: at(prompt),
      output: at(output),
      reasoning: at(reasoning),
      session: at(session),
      priority: at(priority),
      ...(Object.fromEntries(EXTRAS.map((extra) => [extra, at(this.#format.fields[extra])])) as Record<Extra, number>),
    };
    this.#hasExtras = EXTRAS.some((extra) => this.#at[extra] >= 0);
    if (this.#at.arrival >= 0) this.#timed = true;
  }

  /** Reads whole lines, the first of them line `line` of the file; returns the number of the line behind them. */
  block(bytes: Buffer, path: string, line: number): number {
    const cursor = new CsvCursor(bytes, path, line);
    const { arrival, prompt, output, reasoning, session, priority } = this.#at;
    const extra = (name: Extra): string => (this.#at[name] < 0 ? "" : cursor.text(this.#at[name]));
    const fail: Fail = (problem) => cursor.error(problem);
    const { fields } = this.#format;
    const clock = fields.arrival?.unit === "clock";
    while (cursor.next()) {
      if (cursor.fields !== this.#columns) {
        throw cursor.error(`expected ${this.#columns} fields, found ${cursor.fields}`);
      }
      const time = arrival < 0 ? 0 : clock ? this.#clockTicks(cursor, bytes, arrival) : this.#ticks(cursor, arrival);
      const out = tokens(cursor, output, fields.output);
      const thought = reasoning < 0 || isEmpty(cursor, reasoning) ? 0 : tokens(cursor, reasoning, fields.reasoning);
      if (thought > out) {
        throw cursor.error(`${fields.reasoning} ${thought} is more than ${fields.output} ${out}, which include it`);
      }
      const asked = tokens(cursor, prompt, fields.prompt);
      const added = this.#rows.add(
        time,
        asked,
        out,
        thought,
        priority < 0 || isEmpty(cursor, priority) ? 0 : priorityOf(cursor, priority),
        session < 0 ? "" : cursor.text(session),
      );
      if (this.#hasExtras && added) this.#extras.read(this.#rows, asked, extra, fail, path);
    }
    return cursor.nextLine;
  }

  #clockTicks(cursor: CsvCursor, bytes: Buffer, field: number): number {
    const time = this.#time;
    if (!parseAzureTime(bytes, cursor.start(field), cursor.end(field), time)) {
      const text = Buffer.from(cursor.text(field)); // quoted, or blanks around it
      if (!parseAzureTime(text, 0, text.length, time)) {
        const name = this.#format.fields.arrival?.name;
        throw cursor.error(`${name} ${excerpt(cursor.text(field))} is not a time like 2023-11-16 18:15:46.6805900`);
      }
    }
    return this.#clock.ticks(time);
  }

  #ticks(cursor: CsvCursor, field: number): number {
    const perSecond = this.#perSecond;
    const fast = cursor.digits(field);
    const text = fast >= 0 ? "" : cursor.text(field);
    const value = fast >= 0 ? fast : NUMBER.test(text) ? Number(text) : NaN;
    const name = this.#format.fields.arrival?.name;
    if (!Number.isFinite(value)) {
      throw cursor.error(`${name} ${excerpt(cursor.text(field))} is not a number of ${unitName(perSecond)}`);
    }
    const problem = timeProblem(value, perSecond);
    if (problem !== undefined) throw cursor.error(`${name} ${excerpt(cursor.text(field))} ${problem}`);
    return value;
  }

  get #perSecond(): number {
    return TICKS[this.#format.fields.arrival?.unit ?? "s"];
  }

  traits(): Omit<LogTraits, "format"> {
    const clock = this.#format.fields.arrival?.unit === "clock";
    return {
      ticksPerSecond: this.#perSecond,
      hasArrivals: this.#timed,
      blockTokens: this.#extras.blockTokens,
      midnight: clock ? this.#clock.midnight : (this.#format.midnight ?? null),
      notes: ignoredNote("columns", [...this.#others].slice(0, 50)),
    };
  }
}

function isEmpty(cursor: CsvCursor, field: number): boolean {
  return cursor.digits(field) < 0 && cursor.text(field) === "";
}

function tokens(cursor: CsvCursor, field: number, name: string | undefined): number {
  const fast = cursor.digits(field);
  const value = fast >= 0 ? fast : whole(cursor, field, name);
  if (value < 0) throw cursor.error(`${name} ${value} is negative`);
  if (value > MAX_TOKENS) throw cursor.error(`${name} ${value} is more than ${MAX_TOKENS}`);
  return value;
}

function whole(cursor: CsvCursor, field: number, name: string | undefined): number {
  const text = cursor.text(field);
  const match = WHOLE.exec(text);
  if (match === null) throw cursor.error(`${name} ${excerpt(text)} is not a whole number`);
  return Number(match[1]);
}

function priorityOf(cursor: CsvCursor, field: number): number {
  const value = whole(cursor, field, "priority");
  if (Math.abs(value) > 2 ** 31 - 1) throw cursor.error(`priority ${value} is beyond 32 bits`);
  return value;
}
