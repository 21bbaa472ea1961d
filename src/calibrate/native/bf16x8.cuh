#pragma once
#include "device.cuh"

/** Eight bfloat16 values, which one load of 16 bytes brings, as floats and back. */
namespace raas::RAAS_DEVICE {

__device__ inline void unpack_bf16(const uint4& bits, float (&values)[8]) {
  const uint32_t pairs[4] = {bits.x, bits.y, bits.z, bits.w};
  for (int i = 0; i < 4; i++) {
    values[2 * i] = __uint_as_float(pairs[i] << 16);
    values[2 * i + 1] = __uint_as_float(pairs[i] & 0xffff0000u);
  }
}
__device__ inline uint4 pack_bf16(const float (&values)[8]) {
  return make_uint4(pack_bf16(values[0], values[1]), pack_bf16(values[2], values[3]), pack_bf16(values[4], values[5]),
                    pack_bf16(values[6], values[7]));
}

}  // namespace raas::RAAS_DEVICE
