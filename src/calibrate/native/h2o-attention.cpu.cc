#include "h2o-attention.h"
#include "paged-attention-cpu.h"
#include "threads.h"

namespace raas::cpu {

Run h2o_attention(const Problem& problem) {
  using P = H2oAttention;
  const auto& own = dynamic_cast<const P&>(problem);
  const int64_t group = own.group, kv_heads = own.kv.kv_heads, head_dim = own.kv.head_dim, max_pages = own.kv.max_pages;
  const size_t pairs = size_t(own.parts.pairs);
  return [=](const Pointers& arrays, void*) {
    const auto* const table = static_cast<const int32_t*>(arrays[P::TABLE]);
    const auto* const lengths = static_cast<const int32_t*>(arrays[P::LENGTHS]);
    parallel(pairs, 1, [&](size_t from, size_t to) {
      GroupAttention attention(group, head_dim);
      for (int64_t pair = int64_t(from); pair < int64_t(to); pair++) {
        const int64_t sequence = pair / kv_heads, head = pair % kv_heads, length = lengths[sequence];
        const auto row = [&](size_t array, int64_t token) {
          const int64_t slot = table[sequence * max_pages + token / PAGE_TOKENS] * PAGE_TOKENS + token % PAGE_TOKENS;
          return static_cast<const uint16_t*>(arrays[array]) + (slot * kv_heads + head) * head_dim;
        };
        attention.attend(static_cast<const uint16_t*>(arrays[P::Q]) + pair * group * head_dim, length, [&](int64_t i) { return row(P::K, i); },
                         [&](int64_t i) { return row(P::V, i); }, static_cast<uint16_t*>(arrays[P::OUT]) + pair * group * head_dim);
        float* const sums = static_cast<float*>(arrays[P::SUMS]) + pair * max_pages * PAGE_TOKENS;
        for (int64_t member = 0; member < group; member++) {
          const float* const weights = attention.weights(member);
          for (int64_t i = 0; i < length; i++) sums[i] += weights[i] / float(group);
        }
      }
    });
  };
}

}  // namespace raas::cpu
