import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { InputError } from "../core/check.js";
import type {
  Agreement,
  Backend,
  Conditions,
  KernelInfo,
  KernelRunner,
  KernelWork,
  MeasuredDevice,
  OpenKernel,
  Sizes,
} from "./kernel-runner.js";

/** What native/addon.cc exports. */
export interface Addon {
  probe(): Probe;
  useThreads(count: number): void;
  kernels(): readonly KernelInfo[];
  work(kernel: string, sizes: Sizes): KernelWork;
  open(backend: Backend, kernel: string, sizes: Sizes, seed: number, sets: number): Promise<Handle>;
  check(handle: Handle): Promise<Agreement>;
  time(handle: Handle, count: number, runs: number): Promise<readonly number[]>;
  close(handle: Handle): Promise<void>;
  conditions(pci: string): Conditions | null;
}

interface Probe {
  readonly cuda: {
    readonly state: "ok" | "not built" | "no driver" | "driver too old" | "no device" | "failed";
    readonly message: string;
    readonly driverVersion: number;
    readonly runtimeVersion: number;
    readonly device: CudaDevice | null;
  };
  readonly cpu: {
    readonly name: string;
    readonly threads: number;
    readonly memoryBytes: number;
    readonly freeBytes: number;
    readonly cacheBytes: number;
  };
  readonly compiler: string;
}

interface CudaDevice extends Omit<MeasuredDevice, "backend" | "kind" | "toolkit"> {
  readonly computeCapability: string;
  readonly freeBytes: number;
  readonly devices: number;
  readonly pci: string;
}

declare const HANDLE: unique symbol;
type Handle = { readonly [HANDLE]: true };

/** Names another addon than the one that `npm run build:native` made. */
const OVERRIDE = "RAAS_SIM_NATIVE";
/** In the package, from src/calibrate as from dist/calibrate and dist/bin. */
const BUILT = fileURLToPath(new URL("../../build/native/raas.node", import.meta.url));

/** The addon: the one that the environment names, else the one built here. Throws InputError that says how to get it. */
export function loadAddon(): Addon {
  const path = process.env[OVERRIDE] ?? BUILT;
  try {
    return createRequire(import.meta.url)(path) as Addon;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== "MODULE_NOT_FOUND") throw new InputError(path, `cannot be loaded: ${message.split("\n")[0] ?? ""}`);
    throw new InputError(
      process.env[OVERRIDE] === undefined ? "calibrate" : OVERRIDE,
      process.env[OVERRIDE] === undefined
        ? `the addon that runs kernels is not built; run "npm run build:native" in ${fileURLToPath(new URL("../../", import.meta.url))} (it needs CMake and a C++20 compiler, and nvcc for CUDA)`
        : `"${path}" is no file; expected the path of a built raas.node`,
    );
  }
}

/** Runs kernels through the addon; `threads` of the CPU backend, all by default. Throws InputError if this machine has no such device. */
export function nativeRunner(
  backend: "cuda" | "cpu",
  addon: Addon = loadAddon(),
  threads: number = addon.probe().cpu.threads,
): KernelRunner {
  addon.useThreads(threads);
  const probe = addon.probe();
  const device = backend === "cpu" ? cpuDevice(probe) : cudaDevice(probe);
  const pci = backend === "cpu" ? "" : (probe.cuda.device?.pci ?? "");
  return {
    device,
    wholeLaps: backend === "cuda",
    kernels: addon.kernels(),
    work: (kernel, sizes) => userTrouble(kernel, () => addon.work(kernel, sizes)),
    open: async (kernel, sizes, seed, sets) => openKernel(addon, backend, kernel, sizes, seed, sets),
    conditions: () => (pci === "" ? null : addon.conditions(pci)),
  };
}

/** Opens a kernel on any backend: the emulated one is for checks alone. */
export async function openKernel(
  addon: Addon,
  backend: Backend,
  kernel: string,
  sizes: Sizes,
  seed: number,
  sets: number,
): Promise<OpenKernel> {
  const handle = await addon.open(backend, kernel, sizes, seed, sets).catch((cause: unknown) => {
    throw new InputError(kernel, (cause as Error).message);
  });
  return {
    check: async () => addon.check(handle),
    time: async (count, runs) => addon.time(handle, count, runs),
    close: async () => addon.close(handle),
  };
}

function userTrouble<T>(kernel: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw new InputError(kernel, (cause as Error).message);
  }
}

function cpuDevice({ cpu, compiler }: Probe): MeasuredDevice {
  const { name, threads, memoryBytes, cacheBytes } = cpu;
  return {
    backend: "cpu",
    name,
    kind: "",
    multiprocessors: threads,
    memoryBytes,
    cacheBytes,
    bandwidthBytesPerSecond: 0,
    driver: "",
    toolkit: compiler,
  };
}

function cudaDevice({ cuda, compiler }: Probe): MeasuredDevice {
  if (cuda.state !== "ok" || cuda.device === null) {
    throw new InputError("--device cuda", `${cuda.message}; --device cpu measures the CPU`);
  }
  const { name, computeCapability, multiprocessors, memoryBytes, cacheBytes, bandwidthBytesPerSecond, driver } =
    cuda.device;
  return {
    backend: "cuda",
    name,
    kind: computeCapability,
    multiprocessors,
    memoryBytes,
    cacheBytes,
    bandwidthBytesPerSecond,
    driver,
    toolkit: compiler,
  };
}
