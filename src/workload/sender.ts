import type { DrawnLengths } from "./lengths.js";
import type { Stretch } from "./text.js";
import type { LengthSource } from "./workload.js";

/** A part of the questions: who asks them, and how long they are. */
export interface Sender {
  readonly name: string; // "" if nobody is told apart
  readonly share: number;
  readonly priority: number;
  readonly prefixText?: Stretch | undefined; // that all prompts begin with, beside their length
  readonly lengths: LengthSource | DrawnLengths;
}
