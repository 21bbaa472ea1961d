#pragma once
#include "device.cuh"
#include "paged-kv.h"

namespace raas::RAAS_DEVICE {

constexpr int TILE_BYTES = 8192;  // of K and V that a warp holds in registers

/** Reads 8 or 16 bytes. */
template <int BYTES>
__device__ void load(uint32_t* to, const unsigned char* from) {
  if constexpr (BYTES == 16) {
    const uint4 four = __ldg(reinterpret_cast<const uint4*>(from));
    to[0] = four.x, to[1] = four.y, to[2] = four.z, to[3] = four.w;
  } else {
    const uint2 two = __ldg(reinterpret_cast<const uint2*>(from));
    to[0] = two.x, to[1] = two.y;
  }
}

/** How the lanes of a warp share a tile: lane = 4 · row + column. */
template <int D, bool FP8>
struct DecodeTile {
  static constexpr int BYTES = FP8 ? 1 : 2;
  static constexpr int PAGES = TILE_BYTES / (2 * PAGE_TOKENS * D * BYTES);  // of a tile
  // K: a lane has tokens row and row + 8 of a page, of each 16 bytes out of every 64.
  static constexpr int K_WORDS = D * BYTES / 16, K_LOAD = 16;
  // V: a lane has tokens 2 · column + {0, 1, 8, 9}, of each V_LOAD bytes out of 8 · V_LOAD.
  static constexpr int V_WORDS = D * BYTES / 32, V_LOAD = D * BYTES / 8 < 16 ? D * BYTES / 8 : 16;
};

/** Stored values as pairs of bfloat16. */
template <bool FP8, int WORDS>
__device__ void widen(uint32_t (&pairs)[WORDS * (FP8 ? 2 : 1)], const uint32_t (&stored)[WORDS]) {
  for (int i = 0; i < WORDS; i++) {
    if constexpr (FP8) {
      uint32_t two[2];
      fp8_to_bf16(two, stored[i]);
      pairs[2 * i] = two[0], pairs[2 * i + 1] = two[1];
    } else {
      pairs[i] = stored[i];
    }
  }
}

}  // namespace raas::RAAS_DEVICE
