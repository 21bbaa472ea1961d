import { textTable } from "../report/text-table.js";
import { benchRows } from "./cases.js";

/** npm run bench [-- REQUESTS RUNS]: CPU and memory of whole processes, median of the runs. */
const [requests = "10000", runs = "5"] = process.argv.slice(2);
const rows = benchRows(Number(requests), Number(runs));
const columns = ["case", "ours", "target", "met", "peer"].map((title) => ({ title }));
process.stdout.write(
  `${textTable(
    columns,
    rows.map((r) => [r.name, r.ours, r.target, r.met ? "yes" : "NO", r.peer]),
  )}\n`,
);
process.stdout.write(
  `Node ${process.version}, ${process.platform} ${process.arch}; median of ${runs} runs, start of the process included.\n`,
);
