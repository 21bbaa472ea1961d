import type { AllReduceParameters, HardwareProfile, MoeKernel } from "./profile.js";

/** What a datasheet profile may leave out. */
export type Efficiencies = Pick<
  HardwareProfile,
  "gemm" | "decodeAttention" | "prefillAttention" | "moe" | "elementwise" | "allReduce"
>;

/** What a datasheet says of a device without measurements of its own. */
export interface Datasheet {
  readonly peakFlops: HardwareProfile["peakFlops"];
  readonly multiprocessors: number;
  readonly interconnectBytesPerSecond: number;
}

/** Peer-to-peer kernels need an interconnect of this speed, byte/s in one direction: NVLink has it, PCIe does not. */
const PEER_BYTES_PER_SECOND = 1e11;
/**
 * Efficiencies of a device from those fitted on a relative. Shares of the peaks carry over; what a multiprocessor
 * computes takes longer in proportion to its peak; rates of an all-reduce go with the interconnect.
 */
export function borrowed(
  lender: HardwareProfile,
  device: Datasheet,
  keys: readonly (keyof Efficiencies)[],
): {
  readonly efficiencies: Efficiencies;
  readonly source: Readonly<Record<string, string>>;
  readonly note: string;
} {
  const slower = lender.peakFlops.bf16 / lender.multiprocessors / (device.peakFlops.bf16 / device.multiprocessors);
  return {
    efficiencies: {
      gemm: lender.gemm,
      decodeAttention: lender.decodeAttention.map((kernel) => ({
        ...kernel,
        blockSeconds: kernel.blockSeconds * slower,
      })),
      prefillAttention: lender.prefillAttention.map((kernel) => ({
        ...kernel,
        blockSeconds: kernel.blockSeconds * slower,
      })),
      moe: untuned(lender.moe),
      elementwise: lender.elementwise,
      allReduce: scaled(lender, device.interconnectBytesPerSecond),
    },
    source: { [`efficiencies of ${lender.name}`]: lender.sources["kernels"] ?? lender.title },
    note: `${keys.join(", ")}: not measured on this device; efficiencies as fitted on ${lender.name}`,
  };
}

/** Tiles were searched for on the lender, by its name. */
function untuned({ bf16, fp8, int4 }: HardwareProfile["moe"]): HardwareProfile["moe"] {
  const plain = <K extends MoeKernel | null>(kernel: K): K => (kernel === null ? kernel : { ...kernel, tuned: null });
  return { bf16: plain(bf16), fp8: plain(fp8), int4: plain(int4) };
}

function scaled(
  { allReduce: { ring, custom }, interconnectBytesPerSecond: own }: HardwareProfile,
  interconnectBytesPerSecond: number,
): AllReduceParameters {
  const faster = interconnectBytesPerSecond / own;
  return {
    ring: {
      ...ring,
      bytesPerSecondOf2: faster * ring.bytesPerSecondOf2,
      bytesPerSecondOf4: faster * ring.bytesPerSecondOf4,
      bytesPerSecondOf8: faster * ring.bytesPerSecondOf8,
    },
    custom:
      custom === null || interconnectBytesPerSecond < PEER_BYTES_PER_SECOND
        ? null
        : {
            ...custom,
            oneShotBytesPerSecond: faster * custom.oneShotBytesPerSecond,
            twoShotBytesPerSecond: faster * custom.twoShotBytesPerSecond,
          },
  };
}
