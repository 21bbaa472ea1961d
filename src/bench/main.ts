import { textTable } from "../report/text-table.js";
import { benchRows, type BenchRow } from "./cases.js";
import { crossValidation, crossValidationTable, fittedCases } from "./cross-validate-case.js";
import { importRow } from "./import-case.js";
import { fuzzRow } from "./fuzz-case.js";
import { FULL, replayRows } from "./replay-cases.js";
import { MILLION, scaleRows } from "./scale-cases.js";

/**
 * npm run bench [-- serve|replay|import [REQUESTS RUNS]]: CPU and memory of whole processes, median of the runs.
 * npm run bench -- fuzz [INPUTS]: damaged request logs, so many of each sample; not among all.
 * npm run bench -- cross-validate [RUNS]: host and gap terms fitted to published runs whose names begin so, leaving one
 * experiment out each; only if asked for, as it takes minutes.
 * npm run bench -- scale [LOG]: many requests and replicas, and a recorded request log if one is given.
 */
const [what = "all", requests = "10000", runs = "5"] = process.argv.slice(2);

function print(title: string, rows: readonly BenchRow[]): void {
  const columns = [title, "ours", "target", "met", "peer"].map((column) => ({ title: column }));
  const cells = rows.map((row) => [row.name, row.ours, row.target, row.met ? "yes" : "NO", row.peer]);
  process.stdout.write(`${textTable(columns, cells)}\n\n`);
}

const wanted = (name: string): boolean => what === "all" || what === name;
if (wanted("serve")) print("serving", benchRows(Number(requests), Number(runs)));
if (wanted("replay")) print("replay", await replayRows(FULL));
if (wanted("scale"))
  print("scale", await scaleRows({ ...MILLION, log: what === "scale" ? process.argv[3] : undefined }));
if (what === "cross-validate")
  process.stdout.write(`${crossValidationTable(crossValidation(fittedCases(process.argv[3])))}\n\n`);
if (wanted("import")) print("import", [importRow(10_000_000)]);
if (what === "fuzz") print("fuzz", [fuzzRow(Number(requests))]);
process.stdout.write(
  `Node ${process.version}, ${process.platform} ${process.arch}; serving: median of ${runs} runs, start of the process included; replay: CPU time, least of ${FULL.rounds} rounds; import: one run.\n`,
);
