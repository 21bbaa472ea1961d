import type { DrawnLengths } from "./lengths.js";
import type { LengthSource } from "./workload.js";

/** A part of the questions: who asks them, and how long they are. */
export interface Sender {
  readonly name: string; // "" if nobody is told apart
  readonly share: number;
  readonly priority: number;
  readonly lengths: LengthSource | DrawnLengths;
}
