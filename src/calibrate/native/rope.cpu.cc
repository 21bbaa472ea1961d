#include "numbers.h"
#include "rope.h"
#include "threads.h"

namespace raas::cpu {
namespace {

void turn(uint16_t* __restrict a, uint16_t* __restrict b, const float* __restrict cosines, const float* __restrict sines, size_t half) {
  for (size_t i = 0; i < half; i++) {
    const float x = from_bf16(a[i]), y = from_bf16(b[i]);
    a[i] = to_bf16(x * cosines[i] - y * sines[i]);
    b[i] = to_bf16(y * cosines[i] + x * sines[i]);
  }
}

}  // namespace

Run rope(const Problem& problem) {
  const auto& rope = dynamic_cast<const Rope&>(problem);
  const size_t tokens = size_t(rope.tokens), query_heads = size_t(rope.query_heads), kv_heads = size_t(rope.kv_heads);
  const size_t head_dim = size_t(rope.head_dim), half = head_dim / 2;
  return [=](const Pointers& arrays, void*) {
    parallel(tokens, 1, [&](size_t from, size_t to) {
      for (size_t token = from; token < to; token++) {
        const float* const row = static_cast<const float*>(arrays[3]) + size_t(static_cast<const int32_t*>(arrays[2])[token]) * head_dim;
        for (size_t head = 0; head < query_heads + kv_heads; head++) {
          auto* const first = head < query_heads ? static_cast<uint16_t*>(arrays[0]) + (token * query_heads + head) * head_dim
                                                 : static_cast<uint16_t*>(arrays[1]) + (token * kv_heads + head - query_heads) * head_dim;
          turn(first, first + half, row, row + half, half);
        }
      }
    });
  };
}

}  // namespace raas::cpu
