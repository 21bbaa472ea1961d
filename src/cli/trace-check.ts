import { InputError } from "../core/check.js";
import { textTable } from "../report/text-table.js";
import { checkTrace } from "../trace/check-trace.js";
import { openTrace } from "../trace/open-trace.js";
import { fileSource } from "./file-source.js";
import { progressLine } from "./progress.js";

interface CheckResult {
  readonly file: string;
  readonly ok: boolean;
  readonly tensors: readonly { readonly name: string; readonly values: number; readonly fault?: string }[];
  readonly values: number;
  readonly faults: readonly string[];
}

/** Reads a whole trace and prints what is wrong; throws InputError if anything is. */
export function printCheck(path: string, json: boolean): void {
  const result = check(path);
  if (json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  else if (result.tensors.length > 0) process.stdout.write(`${table(result)}\n`);
  const [first, ...others] = result.faults;
  if (first !== undefined)
    throw new InputError("", `${first}${others.length > 0 ? ` (and ${others.length} more)` : ""}`);
  if (!json)
    process.stdout.write(`\nok: ${result.values.toLocaleString("en-US")} values in ${result.tensors.length} tensors\n`);
}

function check(file: string): CheckResult {
  const tensors = new Map<string, { name: string; values: number; fault?: string }>();
  const line = progressLine(file);
  const source = fileSource(file);
  let values = 0;
  try {
    for (const block of checkTrace(openTrace(source))) {
      const tensor = tensors.get(block.tensor) ?? { name: block.tensor, values: 0 };
      tensor.values += block.values;
      values += block.values;
      if (block.fault !== undefined) tensor.fault = block.fault;
      tensors.set(block.tensor, tensor);
      line.update(() => `${values.toLocaleString("en-US")} values read`);
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { file, ok: false, tensors: [], values: 0, faults: [error.message] }; // it does not open
  } finally {
    line.end();
    source.close();
  }
  const faults = [...tensors.values()].flatMap(({ fault }) => fault ?? []);
  return { file, ok: faults.length === 0, tensors: [...tensors.values()], values, faults };
}

function table({ tensors }: CheckResult): string {
  return textTable(
    [{ title: "tensor" }, { title: "values read", align: "right" }, { title: "" }],
    tensors.map(({ name, values, fault }) => [name, values.toLocaleString("en-US"), fault ?? "ok"]),
  );
}
