import type { HardwareProfile } from "../hardware/profile.js";
import type { KernelSample } from "./sample.js";

/** A parameter of a form: where its search starts, and what is physically possible. All are above 0. */
export interface ParameterRange {
  readonly start: number;
  readonly min: number;
  readonly max: number;
}

/** What one operator's form needs to be fitted: its parameters and its time of a sample's shape. */
export interface OperatorForm<S extends KernelSample = KernelSample> {
  /** As reports and profiles name it. */
  readonly name: string;
  readonly parameters: Readonly<Record<string, ParameterRange>>;
  readonly takes: (sample: KernelSample) => sample is S;
  /** The form with these values: seconds of a shape. */
  readonly predictor: (device: HardwareProfile, values: Values) => (sample: S) => number;
  /** What of a shape decides its time; reports tell errors apart by classes of it. */
  readonly size: { readonly name: string; readonly of: (sample: S) => number; readonly edges: readonly number[] };
  /** Sizes of a shape, whose ranges the profile keeps. */
  readonly shape: (sample: S) => Readonly<Record<string, number>>;
  /** Puts fitted parameters into a profile's blocks. */
  readonly put: (blocks: ProfileBlocks, values: Values) => void;
}

/** Values of a form's parameters by name. */
export type Values = Readonly<Record<string, number>>;

/** Blocks of a profile as they are built up, plain values. */
export interface ProfileBlocks {
  gemm?: Record<string, unknown>;
  decodeAttention?: unknown[];
  prefillAttention?: unknown[];
  moe?: Record<string, unknown>;
  allReduce?: Record<string, unknown>;
  streaming?: Record<string, Values>; // by operator
}
