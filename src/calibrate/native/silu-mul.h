#pragma once
#include "error-norm.h"
#include "random-values.h"
#include "sizes.h"

namespace raas {

/**
 * The gate of a SwiGLU feed-forward layer: y = silu(gate) · up, silu(g) = g / (1 + e^-g).
 * Shape: tokens; intermediateSize, a multiple of 8. gateUp is [tokens][2][intermediateSize] bf16 as the GEMM before leaves it,
 * y [tokens][intermediateSize]. Bytes: 6 · tokens · intermediateSize.
 */
class SiluMul : public Problem {
 public:
  explicit SiluMul(const Shape& shape) : tokens(size_in(shape, "tokens")), intermediate(size_multiple(shape, "intermediateSize", 8)) {}
  std::vector<Array> arrays() const override {
    return {{"gateUp", Type::bf16, 2 * values(), Role::input}, {"y", Type::bf16, values(), Role::output}};
  }
  Work work() const override { return {6.0 * double(values()), 0}; }
  void fill(HostArrays& arrays, Random& random) const override {
    NormalValues(Type::bf16, 2, random).fill(arrays[0].data(), 2 * values());
  }
  Agreement compare(const HostArrays& before, const HostArrays& after, Random& random) const override {
    SampledErrorNorm error(values(), random);
    for (size_t i = 0; i < values(); i++)
      error.add(bf16_at(after[1].data(), i), [&] {
        const size_t token = i / size_t(intermediate), at = token * size_t(intermediate) + i;
        const double gate = bf16_at(before[0].data(), at), up = bf16_at(before[0].data(), at + size_t(intermediate));
        return gate / (1 + std::exp(-gate)) * up;
      });
    return error.agreement();
  }
  size_t values() const { return size_t(tokens * intermediate); }

  const int64_t tokens, intermediate;
};

namespace cuda { Run silu_mul(const Problem&); }
namespace emulated { Run silu_mul(const Problem&); }
namespace cpu { Run silu_mul(const Problem&); }

}  // namespace raas
