/** The seam to the machine: who opens, checks and times kernels. The addon does (native-runner.ts); tests have their own. */

/** Sizes of a kernel's shape by name; which ones, its table says. */
export type Sizes = Readonly<Record<string, number>>;

export type Backend = "cuda" | "cpu" | "emulated";

export interface KernelInfo {
  readonly name: string;
  readonly sizes: readonly string[];
  readonly backends: readonly Backend[];
  readonly implementation: string; // whose code CUDA runs: a library and its version, or raas-sim
}

/** Least work of a run: every input read once, every output written once. */
export interface KernelWork {
  readonly bytes: number;
  readonly flops: number;
  readonly setBytes: number; // of memory, with scratch
}

/** ‖out − reference in double‖ / ‖reference‖, NaN where an output was not written. */
export interface Agreement {
  readonly relativeError: number;
  readonly compared: number; // values
}

/** What is measured: a GPU, or the CPU as one device. */
export interface MeasuredDevice {
  readonly backend: "cuda" | "cpu";
  readonly name: string;
  readonly kind: string; // compute capability of a GPU; empty for a CPU
  readonly multiprocessors: number; // threads of a CPU
  readonly memoryBytes: number;
  readonly cacheBytes: number; // of the last level; 0: unknown
  readonly bandwidthBytesPerSecond: number; // of the memory's clock and width; 0: unknown
  readonly driver: string;
  readonly toolkit: string; // compilers of the kernels
}

/** How a device is while it works; null where it does not say. */
export interface Conditions {
  readonly smClockHz: number | null;
  readonly memoryClockHz: number | null;
  readonly temperatureC: number | null;
  readonly powerW: number | null;
}

/** A kernel with its input sets in memory. */
export interface OpenKernel {
  /** Runs it on fresh random inputs and poisoned outputs. */
  check(): Promise<Agreement>;
  /** Seconds of one run: `count` figures, each the mean of `runs` runs, which go through the input sets in turn. */
  time(count: number, runs: number): Promise<readonly number[]>;
  /** Frees its memory. */
  close(): Promise<void>;
}

export interface KernelRunner {
  readonly device: MeasuredDevice;
  /** Runs of a figure begin at the first input set, so that only whole laps over the sets rotate them. */
  readonly wholeLaps: boolean;
  readonly kernels: readonly KernelInfo[];
  /** Throws InputError for a shape that the kernel does not take. */
  work(kernel: string, sizes: Sizes): KernelWork;
  /** Throws InputError if memory does not suffice for the sets. */
  open(kernel: string, sizes: Sizes, seed: number, sets: number): Promise<OpenKernel>;
  conditions(): Conditions | null;
}
