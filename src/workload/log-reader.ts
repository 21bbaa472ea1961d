import type { Fail, Row } from "./json-values.js";
import type { LogRows, LogTraits } from "./log-rows.js";

/** Reads the rows of one JSON format. A row may hold one request or many. */
export interface RowReader {
  read(row: Row, rows: LogRows, fail: Fail, path: string): void;
  /** Once, behind the last row. */
  traits(rows: LogRows): Omit<LogTraits, "format">;
}

export interface JsonFormat {
  readonly name: string;
  /** What such a row has, in words. */
  readonly marks: string;
  /** Whether this is a row of the format: told from its keys. */
  matches(row: Row): boolean;
  open(): RowReader;
}
