#pragma once
#include "error-norm.h"
#include "random-values.h"
#include "sizes.h"

namespace raas {

/**
 * RMSNorm as engines run it, with the addition of the residual before it: residual += x; y = residual · weight /
 * sqrt(mean(residual²) + 1e-6).
 * Shape: tokens; hiddenSize, a multiple of 8 up to 32768. x, residual and y are [tokens][hiddenSize] bf16, weight [hiddenSize].
 * Bytes: x read, residual read and written, y written, 8 · tokens · hiddenSize; and the weight once.
 */
class RmsNorm : public Problem {
 public:
  static constexpr float EPSILON = 1e-6f;
  static constexpr int64_t MOST = 32768;

  explicit RmsNorm(const Shape& shape) : tokens(size_in(shape, "tokens")), hidden(size_multiple(shape, "hiddenSize", 8)) {
    if (hidden > MOST) throw Error("hiddenSize " + std::to_string(hidden) + " is not allowed; expected at most " + std::to_string(MOST));
  }
  std::vector<Array> arrays() const override {
    return {{"x", Type::bf16, values(), Role::input},
            {"residual", Type::bf16, values(), Role::state},
            {"weight", Type::bf16, size_t(hidden), Role::input},
            {"y", Type::bf16, values(), Role::output}};
  }
  Work work() const override { return {8.0 * double(values()) + 2.0 * double(hidden), 0}; }
  void fill(HostArrays& arrays, Random& random) const override {
    for (const size_t i : {0, 1, 2}) NormalValues(Type::bf16, 1, random).fill(arrays[i].data(), arrays[i].size() / 2);
  }
  Agreement compare(const HostArrays& before, const HostArrays& after, Random& random) const override {
    SampledErrorNorm error(2 * values(), random);
    for (int64_t token = 0; token < tokens; token++) {
      const size_t start = size_t(token * hidden);
      // The residual is stored in bfloat16, and the norm taken of what is stored.
      const auto sum = [&](int64_t i) { return from_bf16(to_bf16(bf16_at(before[0].data(), start + size_t(i)) + bf16_at(before[1].data(), start + size_t(i)))); };
      double squares = 0;
      for (int64_t i = 0; i < hidden; i++) squares += double(sum(i)) * sum(i);
      const double scale = 1 / std::sqrt(squares / double(hidden) + EPSILON);
      for (int64_t i = 0; i < hidden; i++) {
        error.add(bf16_at(after[1].data(), start + size_t(i)), [&] { return double(sum(i)); });
        error.add(bf16_at(after[3].data(), start + size_t(i)), [&] { return sum(i) * scale * bf16_at(before[2].data(), size_t(i)); });
      }
    }
    return error.agreement();
  }
  size_t values() const { return size_t(tokens * hidden); }

  const int64_t tokens, hidden;
};

namespace cuda { Run rms_norm(const Problem&); }
namespace emulated { Run rms_norm(const Problem&); }
namespace cpu { Run rms_norm(const Problem&); }

}  // namespace raas
