#include "device.cuh"
#include "instructions.h"

namespace raas::RAAS_DEVICE {
namespace {

constexpr int WARPS = 2;  // of a block: one must not see the other's lanes

__global__ void __launch_bounds__(32 * WARPS)
instructions_kernel(const uint16_t* a, const uint16_t* b, const uint32_t* words, float* products, float* sums, uint32_t* results, int warps) {
  alignas(16) __shared__ uint16_t matrices[WARPS][256];
  alignas(16) __shared__ uint32_t copies[WARPS][32];
  const int lane = int(threadIdx.x) % 32, own = int(threadIdx.x) / 32, warp = int(blockIdx.x) * WARPS + own;
  if (warp >= warps) return;
  a += warp * 256;
  b += warp * 128;
  results += warp * Instructions::RESULTS * 32 + lane;
  const auto put = [&](int result, uint32_t value) { results[result * 32] = value; };
  const auto pair = [](const uint16_t* values) { return uint32_t(values[0]) | uint32_t(values[1]) << 16; };

  // Fragments straight from their definition (PTX ISA, mma.m16n8k16), not by load_matrices, which is checked by itself.
  uint32_t left[4], right[2];
  for (int i = 0; i < 4; i++) left[i] = pair(a + (lane / 4 + 8 * (i % 2)) * 16 + lane % 4 * 2 + 8 * (i / 2));
  for (int i = 0; i < 2; i++) right[i] = pair(b + lane / 4 * 16 + lane % 4 * 2 + 8 * i);
  float product[4] = {1, 2, 3, 4};  // to be added to
  mma_16x8x16(product, left, right);
  for (int i = 0; i < 4; i++) products[warp * 128 + (lane / 4 + 8 * (i / 2)) * 8 + lane % 4 * 2 + i % 2] = product[i] - float(i + 1);

  for (int i = lane; i < 256; i += 32) matrices[own][i] = a[i];
  __syncwarp();
  uint32_t loaded[4];
  load_matrices(loaded, &matrices[own][8 * lane]);
  for (int i = 0; i < 4; i++) put(Instructions::MATRICES + i, loaded[i]);
  load_matrices_transposed(loaded, &matrices[own][8 * lane]);
  for (int i = 0; i < 4; i++) put(Instructions::TRANSPOSED + i, loaded[i]);

  constexpr unsigned ALL = 0xffffffffu;
  words += warp * 32;
  const uint32_t word = words[lane];
  put(Instructions::SHUFFLE, __shfl_sync(ALL, word, (7 * lane + 3) % 32));
  put(Instructions::SHUFFLE_XOR, __shfl_xor_sync(ALL, word, 5));
  put(Instructions::SHUFFLE_DOWN, __shfl_down_sync(ALL, word, 3));
  put(Instructions::SHUFFLE_UP, __shfl_up_sync(ALL, word, 3));
  put(Instructions::BALLOT, __ballot_sync(ALL, word & 1));
  const bool any = __any_sync(ALL, word & 1), all = __all_sync(ALL, word & 1);
  put(Instructions::ANY_ALL, uint32_t(any) | uint32_t(all) << 1);

  if (lane % 4 == 0) copy_async_16(&copies[own][lane], words + lane, lane / 4 % 2 == 0);
  copy_async_commit();
  copy_async_wait<0>();
  __syncwarp();
  put(Instructions::COPIED, copies[own][lane]);

  const float decoded = fp8_to_float(uint8_t(word)), number = __uint_as_float(word), third = float(word >> 24) / 3;
  put(Instructions::FP8, decoded == decoded ? __float_as_uint(decoded) : 0);
  put(Instructions::BF16, number == number ? float_to_bf16(number) : 0);
  put(Instructions::PACKED, pack_bf16(third, -third));
  sums[warp * 32 + lane] = warp_sum(float(word >> 24));
}

}  // namespace

Run instructions(const Problem& problem) {
  const int warps = int(dynamic_cast<const Instructions&>(problem).warps);
  return [=](const Pointers& arrays, void* stream) {
    launch(instructions_kernel, dim3(unsigned(warps + WARPS - 1) / WARPS), dim3(32 * WARPS), 0, stream, static_cast<const uint16_t*>(arrays[0]),
           static_cast<const uint16_t*>(arrays[1]), static_cast<const uint32_t*>(arrays[2]), static_cast<float*>(arrays[3]),
           static_cast<float*>(arrays[4]), static_cast<uint32_t*>(arrays[5]), warps);
  };
}

}  // namespace raas::RAAS_DEVICE
