#include "page-selection-cpu.h"
#include "threads.h"
#include "top-pages.h"

namespace raas::cpu {

Run top_pages(const Problem& problem) {
  const auto& own = dynamic_cast<const TopPages&>(problem);
  const int64_t kv_heads = own.kv.kv_heads, max_pages = own.kv.max_pages, budget = own.chosen;
  const size_t pairs = size_t(own.kv.sequences * kv_heads);
  return [=](const Pointers& arrays, void*) {
    const auto* const scores = static_cast<const float*>(arrays[0]);
    const auto* const lengths = static_cast<const int32_t*>(arrays[1]);
    auto* const chosen = static_cast<int32_t*>(arrays[2]);
    parallel(pairs, 1, [&](size_t from, size_t to) {
      BestScores best;
      for (size_t pair = from; pair < to; pair++) {
        const int64_t newest = (lengths[int64_t(pair) / kv_heads] - 1) / PAGE_TOKENS;
        const auto& others = best.of(scores + int64_t(pair) * max_pages, newest, budget - 1);
        int32_t* const out = std::copy(others.begin(), others.end(), chosen + int64_t(pair) * budget);
        *out = int32_t(newest);
        std::fill(out + 1, chosen + (int64_t(pair) + 1) * budget, -1);
      }
    });
  };
}

}  // namespace raas::cpu
