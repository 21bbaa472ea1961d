import { InputError } from "../core/check.js";
import { latencies, metrics } from "../serve/metrics.js";
import type { ScenarioOptions } from "../serve/options.js";
import { serve } from "../serve/serve.js";
import { advice, type ServerRun } from "../validate/advice.js";
import { comparisons, parseMeasuredRuns, type MeasuredRun } from "../validate/measured-run.js";
import { tuneHost, type TunedHost } from "../validate/tune.js";
import { scenarioOptions, type Flags } from "./flags.js";
import { checkOptions } from "./options.js";
import type { OutputFlags } from "./output.js";
import { prepare } from "./prepare.js";
import { resolve, type Resolved } from "./resolve.js";
import { readText } from "./scenario-file.js";
import { version } from "./version.js";
import { writeFiles } from "./write.js";

/** One run of the user's server, and the scenario that stands for it. */
interface Prepared {
  readonly run: MeasuredRun;
  readonly options: ScenarioOptions;
  readonly resolved: Resolved;
}

/** Scores the simulator on the user's own server, says what is off, and fits the host terms if that is asked for. */
export async function validateMeasured(paths: readonly string[], flags: Flags, output: OutputFlags): Promise<void> {
  if (typeof flags["scenario"] !== "string") {
    throw new InputError("--scenario", "is missing: the file that says on what the runs of --measured were made");
  }
  if (output.svg || output.png) throw new InputError("--svg", "there are no charts of runs of one's own");
  const base = await scenarioOptions({ scenario: flags["scenario"] });
  const prepared: Prepared[] = [];
  for (const run of paths.flatMap((path) => parseMeasuredRuns(readText(path), path))) {
    const options = withLoad(base, run);
    if (run.log !== undefined && asksOwnLoad(base)) {
      process.stderr.write(
        `raas-sim: ${run.path} records its requests, but ${flags["scenario"]} has a load of its own, which is simulated instead; leave out its workload, input-len and output-len to send the recorded ones\n`,
      );
    }
    const resolved = await resolve(options, asksOwnLoad(base) ? undefined : run.log);
    if (resolved.policies.length !== 1) throw new InputError("policy", "a server has one policy");
    prepared.push({ run, options, resolved });
  }
  const runs = prepared.map((each): ServerRun => ({ run: each.run, ...simulated(each, {}) }));
  const sentences = advice(runs);
  const tuned = flags["tune"] === true ? tune(prepared, base) : undefined;
  const data = {
    version: version(),
    scenario: base,
    runs: runs.map(({ run, predicted }) => ({ path: run.path, comparisons: comparisons(run, predicted) })),
    advice: sentences,
    ...(tuned === undefined ? {} : { tuned }),
  };
  if (output.json) process.stdout.write(`${JSON.stringify(data, null, 2)}\n`);
  else await print(runs, sentences, tuned);
  if (output.out === undefined) return;
  const files = new Map([["result.json", `${JSON.stringify(data, null, 2)}\n`]]);
  for (const path of writeFiles(output.out, files)) process.stderr.write(`wrote ${path}\n`);
}

function asksOwnLoad(base: ScenarioOptions): boolean {
  return base.workload !== undefined || base["input-len"] !== undefined;
}

/** The scenario with what it leaves open as the run tells it. */
function withLoad(base: ScenarioOptions, run: MeasuredRun): ScenarioOptions {
  const values: Record<string, unknown> = { ...base };
  const asks = asksOwnLoad(base);
  if (!asks && run.log !== undefined) values["workload"] = run.path;
  for (const [name, value] of Object.entries(run.load)) {
    const length = name === "input-len" || name === "output-len" || name === "num-requests";
    if (values[name] === undefined && !(asks && length)) values[name] = value;
  }
  return checkOptions(values, (key) => `${run.path}: ${key}`);
}

function simulated({ options, resolved }: Prepared, changed: Readonly<Record<string, number>>): Omit<ServerRun, "run"> {
  const [policy] = resolved.policies as [(typeof resolved.policies)[number]];
  const built = prepare({ ...options, ...changed }, resolved, policy);
  const result = serve(built);
  return {
    predicted: metrics(built, result, latencies(result)),
    kvBlocks: built.memory.num_gpu_blocks,
    asyncScheduling: built.options["async-scheduling"],
  };
}

function tune(prepared: readonly Prepared[], base: ScenarioOptions): TunedHost {
  const of = new Map(prepared.map((each) => [each.run, each]));
  return tuneHost(
    prepared.map(({ run }) => run),
    base,
    (run, changed) => simulated(of.get(run) as Prepared, changed).predicted,
  );
}

async function print(
  runs: readonly ServerRun[],
  sentences: readonly string[],
  tuned: TunedHost | undefined,
): Promise<void> {
  const { comparisonTable } = await import("../report/validate-table.js");
  const blocks = runs.map(({ run, predicted }) => comparisonTable(run.path, comparisons(run, predicted)));
  blocks.push(sentences.map((sentence) => `- ${sentence}`).join("\n"));
  if (tuned !== undefined) {
    const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
    blocks.push(
      [
        `# Host terms for the scenario: mean error of TTFT and TPOT from ${percent(tuned.before)} to ${percent(tuned.after)}`,
        ...Object.entries(tuned.options).map(([name, seconds]) => `${name}: ${Number(seconds.toPrecision(3))}`),
        ...tuned.idle.map((name) => `# ${name} changes nothing here: the GPU never waits for it`),
      ].join("\n"),
    );
  }
  process.stdout.write(`${blocks.join("\n\n")}\n`);
}
