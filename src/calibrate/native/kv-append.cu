#include "device.cuh"
#include "kv-append.h"

/**
 * Bound by memory, and by the launch for the few tokens of a decode step. A thread moves 8 values of K or V: 16 bytes read,
 * and 16 or, in fp8, 8 written; a token's values follow each other on both sides, so warps read and write whole lines.
 */
namespace raas::RAAS_DEVICE {
namespace {

constexpr int THREADS = 256;
constexpr int VALUES = 8;  // of a thread

template <bool FP8>
__global__ void append_kernel(const uint4* __restrict__ new_k, const uint4* __restrict__ new_v, const int32_t* __restrict__ slots,
                              const float* __restrict__ scales, unsigned char* k, unsigned char* v, unsigned chunks, size_t count) {
  const size_t i = size_t(blockIdx.x) * THREADS + threadIdx.x;
  if (i >= count) return;
  const uint4 fresh = __ldg((blockIdx.y == 0 ? new_k : new_v) + i);
  const size_t to = size_t(__ldg(slots + i / chunks)) * chunks + i % chunks;
  unsigned char* const pages = blockIdx.y == 0 ? k : v;
  if constexpr (FP8) {
    const float factor = 1 / scales[blockIdx.y];
    const auto narrow = [&](uint32_t pair) { return pack_fp8(bf16_to_float(uint16_t(pair)) * factor, bf16_to_float(uint16_t(pair >> 16)) * factor); };
    reinterpret_cast<uint2*>(pages)[to] = {narrow(fresh.x) | uint32_t(narrow(fresh.y)) << 16, narrow(fresh.z) | uint32_t(narrow(fresh.w)) << 16};
  } else {
    reinterpret_cast<uint4*>(pages)[to] = fresh;
  }
}

}  // namespace

Run kv_append(const Problem& problem) {
  const auto& p = dynamic_cast<const KvAppend&>(problem);
  const unsigned chunks = unsigned(p.kv.token_values() / VALUES);
  const size_t count = p.count() * chunks;
  const bool fp8 = p.kv.format == Type::fp8;
  return [=](const Pointers& arrays, void* stream) {
    using P = KvAppend;
    launch(fp8 ? append_kernel<true> : append_kernel<false>, dim3(unsigned((count + THREADS - 1) / THREADS), 2), dim3(THREADS), 0, stream,
           static_cast<const uint4*>(arrays[P::NEW_K]), static_cast<const uint4*>(arrays[P::NEW_V]), static_cast<const int32_t*>(arrays[P::SLOTS]),
           static_cast<const float*>(arrays[P::SCALES]), static_cast<unsigned char*>(arrays[P::K]), static_cast<unsigned char*>(arrays[P::V]), chunks, count);
  };
}

}  // namespace raas::RAAS_DEVICE
