import { stringify } from "yaml";
import { OPTION_NAMES, optionDefault, optionHelp } from "./options.js";

/** What a new scenario says; everything else is there as a comment. */
const SAID: Readonly<Record<string, unknown>> = {
  model: "r1-distill-llama-8b",
  hardware: "h100-sxm",
  policy: "dense",
  workload: "reasoning-production",
  "request-rate": 2,
  "num-requests": 1000,
  seed: 0,
};

const HEAD = `# yaml-language-server: $schema=./scenario.schema.json
# A scenario of raas-sim. For completion in editors: raas-sim schema scenario > scenario.schema.json
# Run it: raas-sim serve --scenario THIS-FILE. Flags of the same names override what it says. To set an option that
# begins with #, take that sign away.
`;

const TAIL = `# Several deployments in one file: each has a name and what differs from the options above; with tenants, it serves those
# of the workload. They share no hardware; results are for each and in total.
# deployments:
#   - { name: chat, model: r1-distill-llama-8b, request-rate: 4 }
#   - { name: research, model: qwen3-32b, tp: 2, workload: reasoning-hard, request-rate: 0.5 }
`;

/** A scenario file with every option, what it means and what it is unless set. */
export function scenarioTemplate(): string {
  const blocks = OPTION_NAMES.map((name) => {
    const value = name in SAID ? SAID[name] : optionDefault(name);
    const line = value === undefined ? `${name}:` : stringify({ [name]: value }).trimEnd();
    return `# ${optionHelp(name)}\n${name in SAID ? "" : "#"}${line}\n`;
  });
  return [HEAD, ...blocks, TAIL].join("\n");
}
