import type { KernelInfo, KernelRunner, KernelWork, MeasuredDevice, Sizes } from "../calibrate/kernel-runner.js";
import { stream, type Rng } from "../core/rng.js";

/** A machine whose kernels take known times, with noise: what calibrations are tested on. */
export interface FakeMachine {
  readonly device?: Partial<MeasuredDevice>;
  readonly wholeLaps?: boolean;
  /** Seconds of a run without noise. */
  readonly seconds: (kernel: string, sizes: Sizes) => number;
  /** Factor on a figure. */
  readonly noise?: (random: Rng) => number;
  readonly relativeError?: number;
}

export interface FakeRunner extends KernelRunner {
  /** What was asked of it: "open copy", "check", "time 10 x 3", "close". */
  readonly calls: string[];
  /** Kernels open now. */
  openKernels: number;
}

const INFO = (name: string, ...sizes: string[]): KernelInfo => ({
  name,
  sizes,
  backends: ["cuda", "cpu"],
  implementation: "fake 1",
});

const KERNELS: readonly KernelInfo[] = [
  INFO("copy", "bytes"),
  INFO("gemm", "m", "n", "k"),
  INFO(
    "decode-attention",
    "sequences",
    "context",
    "queryHeads",
    "kvHeads",
    "headDim",
    "kvFormat",
    "scattered",
    "ragged",
  ),
  INFO("silu-mul", "tokens", "intermediateSize"),
  { ...INFO("quest-step", "sequences", "context", "kvHeads", "headDim", "budget"), backends: ["cuda"] },
  { ...INFO("kv-append", "sequences", "tokens", "context", "kvHeads", "headDim"), backends: ["cuda"] },
  { ...INFO("emulated-only", "bytes"), backends: ["emulated"] },
];

export const FAKE_DEVICE: MeasuredDevice = {
  backend: "cpu",
  name: "Fake CPU",
  kind: "",
  multiprocessors: 4,
  memoryBytes: 16e9,
  cacheBytes: 8e6,
  bandwidthBytesPerSecond: 0,
  driver: "",
  toolkit: "fake",
};

/** Bytes and FLOPs as the kernels of the addon count them. */
export function fakeWork(kernel: string, sizes: Sizes): KernelWork {
  const size = (name: string): number => sizes[name] ?? 0;
  const of = (bytes: number, flops = 0): KernelWork => ({ bytes, flops, setBytes: bytes });
  switch (kernel) {
    case "copy":
      return of(2 * size("bytes"));
    case "gemm": {
      const [m, n, k] = [size("m"), size("n"), size("k")];
      return of(2 * (m * k + n * k + m * n), 2 * m * n * k);
    }
    case "silu-mul":
      return of(6 * size("tokens") * size("intermediateSize"));
    default: {
      const tokens = size("sequences") * size("context");
      const bytes = 2 * tokens * size("kvHeads") * size("headDim") * (sizes["kvFormat"] === 1 ? 1 : 2);
      return of(bytes, 4 * tokens * size("queryHeads") * size("headDim"));
    }
  }
}

export function fakeRunner(machine: FakeMachine, seed: number): FakeRunner {
  const random = stream(seed, "fake machine");
  const calls: string[] = [];
  const runner: FakeRunner = {
    device: { ...FAKE_DEVICE, ...machine.device },
    wholeLaps: machine.wholeLaps ?? false,
    kernels: KERNELS,
    calls,
    openKernels: 0,
    work: fakeWork,
    conditions: () => null,
    open: async (kernel, sizes, _seed, sets) => {
      calls.push(`open ${kernel} ${sets}`);
      runner.openKernels++;
      const exact = machine.seconds(kernel, sizes);
      return {
        check: async () => {
          calls.push("check");
          return { relativeError: machine.relativeError ?? 1e-3, compared: 100 };
        },
        time: async (count, runs) => {
          calls.push(`time ${count} x ${runs}`);
          return Array.from({ length: count }, () => exact * (machine.noise?.(random) ?? 1));
        },
        close: async () => {
          calls.push("close");
          runner.openKernels--;
        },
      };
    },
  };
  return runner;
}
