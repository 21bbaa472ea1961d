#include "page-bound-cpu.h"
#include "page-selection-cpu.h"
#include "paged-attention-cpu.h"
#include "quest-step.h"
#include "threads.h"

namespace raas::cpu {

Run quest_step(const Problem& problem) {
  using P = QuestStep;
  const auto& own = dynamic_cast<const P&>(problem);
  const int64_t group = own.group, budget = own.chosen, kv_heads = own.kv.kv_heads, head_dim = own.kv.head_dim, max_pages = own.kv.max_pages;
  const size_t pairs = size_t(own.parts.pairs);
  return [=](const Pointers& arrays, void*) {
    const auto* const representatives = static_cast<const uint16_t*>(arrays[P::REPRESENTATIVES]);
    const auto* const lengths = static_cast<const int32_t*>(arrays[P::LENGTHS]);
    parallel(pairs, 1, [&](size_t from, size_t to) {
      GroupAttention attention(group, head_dim);
      BestScores best;
      std::vector<float> folded(size_t(2 * head_dim)), scores(static_cast<size_t>(max_pages));
      for (int64_t pair = int64_t(from); pair < int64_t(to); pair++) {
        const int64_t sequence = pair / kv_heads, head = pair % kv_heads, length = lengths[sequence], newest = (length - 1) / PAGE_TOKENS;
        const auto* const table = static_cast<const int32_t*>(arrays[P::TABLE]) + sequence * max_pages;
        const auto* const q = static_cast<const uint16_t*>(arrays[P::Q]) + pair * group * head_dim;
        if (newest >= budget) {
          fold_queries(q, group, head_dim, folded.data());
          for (int64_t page = 0; page < newest; page++)
            scores[size_t(page)] = dot(representatives + (table[page] * kv_heads + head) * 2 * head_dim, folded.data(), 2 * head_dim);
        }
        auto* const chosen = static_cast<int32_t*>(arrays[P::CHOSEN]) + pair * budget;
        const auto& others = best.of(scores.data(), newest, budget - 1);
        std::copy(others.begin(), others.end(), chosen);
        const int64_t count = int64_t(others.size()) + 1;
        chosen[count - 1] = int32_t(newest);
        std::fill(chosen + count, chosen + budget, -1);
        const auto row = [&](size_t array, int64_t i) {
          const int64_t slot = table[chosen[i / PAGE_TOKENS]] * PAGE_TOKENS + i % PAGE_TOKENS;
          return static_cast<const uint16_t*>(arrays[array]) + (slot * kv_heads + head) * head_dim;
        };
        attention.attend(q, length - (newest + 1 - count) * PAGE_TOKENS, [&](int64_t i) { return row(P::K, i); },
                         [&](int64_t i) { return row(P::V, i); }, static_cast<uint16_t*>(arrays[P::OUT]) + pair * group * head_dim);
      }
    });
  };
}

}  // namespace raas::cpu
