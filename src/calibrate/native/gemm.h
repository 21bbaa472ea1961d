#pragma once
#include "error-norm.h"
#include "random-values.h"
#include "sizes.h"

namespace raas {

/**
 * A linear layer: y[m][n] = x[m][k] · w[n][k]ᵀ, bf16 with sums in f32; m tokens, w as checkpoints store it.
 * Shape: m; n and k, multiples of 8 (rows start at 16 bytes). Bytes: 2 · (m·k + n·k + m·n). FLOPs: 2 · m·n·k.
 */
class Gemm : public Problem {
 public:
  explicit Gemm(const Shape& shape) : m(size_in(shape, "m")), n(size_multiple(shape, "n", 8)), k(size_multiple(shape, "k", 8)) {}
  std::vector<Array> arrays() const override {
    return {{"x", Type::bf16, size_t(m * k), Role::input},
            {"w", Type::bf16, size_t(n * k), Role::input},
            {"y", Type::bf16, size_t(m * n), Role::output}};
  }
  Work work() const override { return {2.0 * double(m * k + n * k + m * n), 2.0 * double(m * n) * double(k)}; }
  void fill(HostArrays& arrays, Random& random) const override {
    NormalValues(Type::bf16, 1, random).fill(arrays[0].data(), size_t(m * k));
    NormalValues(Type::bf16, 0.02, random).fill(arrays[1].data(), size_t(n * k));
  }
  Agreement compare(const HostArrays& before, const HostArrays& after, Random& random) const override {
    SampledErrorNorm error(size_t(m * n), random);
    for (size_t i = 0; i < size_t(m * n); i++)
      error.add(bf16_at(after[2].data(), i), [&] {
        const size_t x = i / size_t(n) * size_t(k), w = i % size_t(n) * size_t(k);
        double sum = 0;
        for (size_t j = 0; j < size_t(k); j++) sum += double(bf16_at(before[0].data(), x + j)) * bf16_at(before[1].data(), w + j);
        return sum;
      });
    return error.agreement();
  }

  const int64_t m, n, k;
};

/** cuBLASLt's, or our own where it is not installed: gemm_implementation says which. */
namespace cuda { Run gemm(const Problem&); std::string gemm_implementation(); }
/** Always our own, so that a device with cuBLASLt checks it too. */
namespace cuda { Run own_gemm(const Problem&); }
namespace emulated { Run own_gemm(const Problem&); }
namespace cpu { Run gemm(const Problem&); }

}  // namespace raas
