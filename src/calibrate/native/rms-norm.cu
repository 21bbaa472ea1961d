#include "bf16x8.cuh"
#include "rms-norm.h"

/**
 * One block a token; each thread keeps its values in registers between the sum and the scaling, so every byte moves once.
 * Bound by bandwidth: 32 bytes in flight a thread, 64 KB a multiprocessor at full occupancy.
 */
namespace raas::RAAS_DEVICE {
namespace {

constexpr int MOST_THREADS = 1024;

template <int CHUNKS>  // of 8 values that a thread holds
__global__ void __launch_bounds__(MOST_THREADS)
rms_norm_kernel(const uint4* __restrict__ x, uint4* __restrict__ residual, const uint4* __restrict__ weight, uint4* __restrict__ y, int chunks) {
  __shared__ float sums[32];
  const size_t start = size_t(blockIdx.x) * size_t(chunks);
  const int thread = int(threadIdx.x), threads = int(blockDim.x);
  uint4 kept[CHUNKS];
  float squares = 0;
  UNROLL for (int i = 0; i < CHUNKS; i++) {
    const int chunk = i * threads + thread;
    if (chunk >= chunks) break;
    float added[8], old[8];
    unpack_bf16(x[start + chunk], added);
    unpack_bf16(residual[start + chunk], old);
    for (int j = 0; j < 8; j++) added[j] += old[j];
    kept[i] = pack_bf16(added);
    residual[start + chunk] = kept[i];
    unpack_bf16(kept[i], added);
    for (int j = 0; j < 8; j++) squares += added[j] * added[j];
  }
  squares = warp_sum(squares);
  if (thread % 32 == 0) sums[thread / 32] = squares;
  __syncthreads();
  squares = warp_sum(thread % 32 < threads / 32 ? sums[thread % 32] : 0.0f);
  const float scale = rsqrtf(squares / float(8 * chunks) + RmsNorm::EPSILON);
  UNROLL for (int i = 0; i < CHUNKS; i++) {
    const int chunk = i * threads + thread;
    if (chunk >= chunks) break;
    float values[8], weights[8];
    unpack_bf16(kept[i], values);
    unpack_bf16(weight[chunk], weights);
    for (int j = 0; j < 8; j++) values[j] *= scale * weights[j];
    y[start + chunk] = pack_bf16(values);
  }
}

}  // namespace

Run rms_norm(const Problem& problem) {
  const auto& norm = dynamic_cast<const RmsNorm&>(problem);
  const int chunks = int(norm.hidden / 8);
  const auto kernel = chunks <= MOST_THREADS ? rms_norm_kernel<1> : chunks <= 2 * MOST_THREADS ? rms_norm_kernel<2> : rms_norm_kernel<4>;
  const unsigned threads = unsigned(chunks < MOST_THREADS ? (chunks + 31) / 32 * 32 : MOST_THREADS);
  const unsigned tokens = unsigned(norm.tokens);
  return [=](const Pointers& arrays, void* stream) {
    launch(kernel, dim3(tokens), dim3(threads), 0, stream, static_cast<const uint4*>(arrays[0]), static_cast<uint4*>(arrays[1]),
           static_cast<const uint4*>(arrays[2]), static_cast<uint4*>(arrays[3]), chunks);
  };
}

}  // namespace raas::RAAS_DEVICE
