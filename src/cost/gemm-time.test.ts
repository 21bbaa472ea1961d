import { expect, test } from "vitest";
import { profileNames, resolveProfile } from "../cli/resolve.js";
import { gemmSeconds } from "./gemm-time.js";

test("no product, however large, is faster than the power limit allows; large ones come near", () => {
  for (const profile of profileNames().map(resolveProfile)) {
    const parameters = profile.gemm.bf16;
    const peakFlops = profile.peakFlops.bf16;
    for (const size of [512, 2048, 8192, 32768]) {
      const seconds = gemmSeconds(
        { m: size, n: size, k: size, inputBytes: 2, weightBytes: 2, peakFlops },
        profile,
        parameters,
      );
      const share = (2 * size ** 3) / seconds / peakFlops;
      expect(share, profile.name).toBeLessThan(parameters.sustainedEfficiency);
      if (size === 32768 && profile.kind === "fitted") expect(share, profile.name).toBeGreaterThan(0.6);
    }
  }
});
