#include "bf16x8.cuh"
#include "silu-mul.h"

/** Each thread takes eight values: two loads of 16 bytes, one store. Bound by bandwidth. */
namespace raas::RAAS_DEVICE {
namespace {

constexpr int THREADS = 256;

__global__ void __launch_bounds__(THREADS) silu_mul_kernel(const uint4* __restrict__ gate_up, uint4* __restrict__ y, unsigned chunks) {
  const unsigned chunk = blockIdx.x * THREADS + threadIdx.x;
  if (chunk >= chunks) return;
  const uint4* const row = gate_up + size_t(blockIdx.y) * 2 * chunks;
  const uint4 gate_bits = row[chunk], up_bits = row[chunks + chunk];
  float gate[8], up[8];
  unpack_bf16(gate_bits, gate);
  unpack_bf16(up_bits, up);
  for (int i = 0; i < 8; i++) gate[i] = __fdividef(gate[i], 1 + __expf(-gate[i])) * up[i];
  y[size_t(blockIdx.y) * chunks + chunk] = pack_bf16(gate);
}

}  // namespace

Run silu_mul(const Problem& problem) {
  const auto& gate = dynamic_cast<const SiluMul&>(problem);
  const unsigned chunks = unsigned(gate.intermediate / 8), tokens = unsigned(gate.tokens);
  if (tokens > 65535) throw Error("tokens " + std::to_string(tokens) + " is not allowed on a GPU; expected at most 65535");
  return [=](const Pointers& arrays, void* stream) {
    launch(silu_mul_kernel, dim3((chunks + THREADS - 1) / THREADS, tokens), dim3(THREADS), 0, stream,
           static_cast<const uint4*>(arrays[0]), static_cast<uint4*>(arrays[1]), chunks);
  };
}

}  // namespace raas::RAAS_DEVICE
