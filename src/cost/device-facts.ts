/** What the forms of kernel time need to know of a device; a hardware profile has all of it. SI units. */
export interface DeviceFacts {
  readonly bandwidthBytesPerSecond: number; // peak of the datasheet
  readonly multiprocessors: number;
}

/** Soft maximum of two times that overlap: the p-norm, never below either. */
export function overlapped(a: number, b: number, p: number): number {
  const large = a > b ? a : b;
  const small = a > b ? b : a;
  if (small <= 0) return large;
  return large * (1 + (small / large) ** p) ** (1 / p);
}
