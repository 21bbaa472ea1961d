#include "cpu-exp.h"
#include "numbers.h"
#include "silu-mul.h"
#include "threads.h"

namespace raas::cpu {

Run silu_mul(const Problem& problem) {
  const auto& silu = dynamic_cast<const SiluMul&>(problem);
  const size_t width = size_t(silu.intermediate), chunks = size_t(silu.tokens) * width / 8;
  return [=](const Pointers& arrays, void*) {
    // By values, not by tokens: one token is enough for all threads.
    parallel(chunks, 64, [&](size_t from, size_t to) {
      for (size_t next, at = from * 8; at < to * 8; at = next) {
        const size_t token = at / width, column = at % width, count = std::min(width - column, to * 8 - at);
        const auto* const __restrict gate = static_cast<const uint16_t*>(arrays[0]) + 2 * token * width + column;
        const auto* const __restrict up = gate + width;
        auto* const __restrict y = static_cast<uint16_t*>(arrays[1]) + at;
        for (size_t i = 0; i < count; i++) {
          const float g = from_bf16(gate[i]);
          y[i] = to_bf16(g / (1 + exp_of(-g)) * from_bf16(up[i]));
        }
        next = at + count;
      }
    });
  };
}

}  // namespace raas::cpu
