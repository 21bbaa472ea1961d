#include "numbers.h"
#include "rms-norm.h"
#include "threads.h"

namespace raas::cpu {

Run rms_norm(const Problem& problem) {
  const auto& norm = dynamic_cast<const RmsNorm&>(problem);
  const size_t tokens = size_t(norm.tokens), hidden = size_t(norm.hidden);
  return [=](const Pointers& arrays, void*) {
    parallel(tokens, 1, [&](size_t from, size_t to) {
      const auto* const weight = static_cast<const uint16_t*>(arrays[2]);
      for (size_t token = from; token < to; token++) {
        const auto* const x = static_cast<const uint16_t*>(arrays[0]) + token * hidden;
        auto* const residual = static_cast<uint16_t*>(arrays[1]) + token * hidden;
        auto* const y = static_cast<uint16_t*>(arrays[3]) + token * hidden;
        // Lanes of their own, since a compiler may not change the order of one sum.
        constexpr size_t LANES = 32;
        float squares[LANES] = {};
        const auto add = [&](size_t i, size_t lane) {
          residual[i] = to_bf16(from_bf16(x[i]) + from_bf16(residual[i]));
          const float sum = from_bf16(residual[i]);
          squares[lane] += sum * sum;
        };
        size_t i = 0;
        for (; i + LANES <= hidden; i += LANES)
          for (size_t lane = 0; lane < LANES; lane++) add(i + lane, lane);
        for (; i < hidden; i++) add(i, 0);
        float total = 0;
        for (const float sum : squares) total += sum;
        const float scale = 1 / std::sqrt(total / float(hidden) + RmsNorm::EPSILON);
        for (i = 0; i < hidden; i++) y[i] = to_bf16(from_bf16(residual[i]) * scale * from_bf16(weight[i]));
      }
    });
  };
}

}  // namespace raas::cpu
