import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { RequestSink } from "../serve/books.js";
import { CANCELLED, REFUSED, requestTimes, type RequestTable } from "../serve/request-table.js";
import { onInterrupt } from "./interrupt.js";
import { attempt, makeFolder, type Written } from "./write.js";

/**
 * Runs an action with a file for the requests of each run if there is a folder for them. If it fails or is
 * interrupted, none is left.
 */
export async function withRequestFiles(
  runs: readonly { readonly name: string }[],
  folder: string | undefined,
  action: (files: readonly RequestsFile[]) => Promise<void>,
): Promise<void> {
  const files: RequestsFile[] = [];
  if (folder === undefined) return action(files); // nothing to clean up
  const release = onInterrupt((exitCode) => {
    for (const file of files) file.discard();
    process.exit(exitCode);
  });
  try {
    for (const { name } of runs) {
      const own = runs.length === 1 ? "" : `-${name.replace(/[^a-z0-9.=-]+/gi, "-")}`;
      files.push(await RequestsFile.create(folder, `requests${own}.parquet`));
    }
    await action(files);
  } catch (cause) {
    for (const file of files) file.discard();
    throw cause;
  } finally {
    release();
  }
}

type Parquet = typeof import("hyparquet-writer");

/**
 * One row a request, snappy Parquet: lengths in tokens, times in seconds from the start, latencies in milliseconds. Rows
 * go to disk, group by group, as the simulation lets go of them; until all files of the run are complete, this one has a
 * temporary name beside its place. Throws InputError if it cannot be written.
 */
export class RequestsFile implements Written {
  readonly temporary: string;
  readonly name: string;
  readonly #path: string;
  readonly #file: number;
  #open = true;
  readonly #bytes: InstanceType<Parquet["ByteWriter"]>;
  readonly #writer: InstanceType<Parquet["ParquetWriter"]>;

  static async create(folder: string, name: string): Promise<RequestsFile> {
    return new RequestsFile(folder, name, await import("hyparquet-writer"));
  }

  private constructor(folder: string, name: string, { ByteWriter, ParquetWriter, schemaFromColumnData }: Parquet) {
    const path = join(folder, name);
    this.name = name;
    this.#path = path;
    this.temporary = `${path}.${process.pid}.partial`;
    this.#file = attempt(path, () => {
      makeFolder(folder);
      return openSync(this.temporary, "w");
    });
    this.#bytes = new ByteWriter();
    const columnData = COLUMNS.map(({ name, type, nullable }) => ({ name, type, nullable, data: [] }));
    this.#writer = new ParquetWriter({ writer: this.#bytes, schema: schemaFromColumnData({ columnData }) });
  }

  /** Writes a row group. */
  readonly sink: RequestSink = (requests, from, to) => {
    const columnData = COLUMNS.map(({ name, value }) => {
      const data = Array.from({ length: to - from }, (_, i) => {
        const found = value(requests, requests.slot(from + i), from + i);
        return Number.isNaN(found) || found === "" ? null : found;
      });
      return { name, data };
    });
    void this.#writer.write({ columnData, rowGroupSize: GROUP_ROWS });
    this.#flush();
  };

  /** Completes the file under its temporary name. */
  finish(): void {
    void this.#writer.finish();
    this.#flush();
    this.#close();
  }

  /** Leaves nothing behind. */
  discard(): void {
    this.#close();
    rmSync(this.temporary, { force: true });
  }

  #close(): void {
    if (this.#open) closeSync(this.#file);
    this.#open = false;
  }

  #flush(): void {
    const bytes = this.#bytes;
    const block = new Uint8Array(bytes.buffer, 0, bytes.index);
    attempt(this.#path, () => {
      for (let done = 0; done < block.length;) done += writeSync(this.#file, block, done);
    });
    bytes.index = 0;
  }
}

const GROUP_ROWS = 65_536;

interface Column {
  readonly name: string;
  readonly type: "INT32" | "DOUBLE" | "STRING";
  readonly nullable: boolean;
  readonly value: (requests: RequestTable, slot: number, id: number) => number | string; // NaN or "": null
}

const integer = (name: string, value: Column["value"]): Column => ({ name, type: "INT32", nullable: false, value });
const text = (name: string, value: Column["value"]): Column => ({ name, type: "STRING", nullable: true, value });
const double = (name: string, value: Column["value"]): Column => ({ name, type: "DOUBLE", nullable: true, value });

const COLUMNS: readonly Column[] = [
  integer("id", (_, __, id) => id),
  double("sent_s", ({ sent }, slot) => sent[slot] as number),
  double("admitted_s", ({ admitted }, slot) => admitted[slot] as number),
  double("first_token_s", ({ firstToken }, slot) => firstToken[slot] as number),
  double("first_answer_token_s", ({ firstAnswer }, slot) => firstAnswer[slot] as number),
  double("end_s", ({ end }, slot) => end[slot] as number),
  integer("prompt_tokens", ({ specs }, slot) => specs[slot]?.promptTokens ?? NaN),
  integer("output_tokens", ({ specs }, slot) => specs[slot]?.outputTokens ?? NaN),
  integer("reasoning_tokens", ({ specs }, slot) => specs[slot]?.reasoningTokens ?? NaN),
  double("ttft_ms", (requests, slot) => requestTimes(requests, slot).ttft * 1000),
  double("tpot_ms", (requests, slot) => requestTimes(requests, slot).tpot * 1000),
  double("e2el_ms", (requests, slot) => requestTimes(requests, slot).e2el * 1000),
  integer("preemptions", ({ preemptions }, slot) => preemptions[slot] as number),
  integer("replica", ({ replica }, slot) => replica[slot] as number),
  text("status", ({ lost }, slot) =>
    lost[slot] === REFUSED ? "refused" : lost[slot] === CANCELLED ? "given up" : "completed",
  ),
  text("session", ({ specs }, slot) => specs[slot]?.session ?? ""),
  text("tenant", ({ specs }, slot) => specs[slot]?.tenant ?? ""),
  { name: "question", type: "INT32", nullable: true, value: ({ specs }, slot) => specs[slot]?.group ?? NaN }, // of several samples
];
