#include "page-bound-cpu.h"
#include "page-scores.h"
#include "threads.h"

namespace raas::cpu {

Run page_scores(const Problem& problem) {
  const auto& own = dynamic_cast<const PageScores&>(problem);
  const int64_t group = own.group, kv_heads = own.kv.kv_heads, max_pages = own.kv.max_pages, head_dim = own.kv.head_dim;
  const int64_t parts = (max_pages + SCORED_PAGES - 1) / SCORED_PAGES;
  const size_t items = size_t(own.kv.sequences * parts * kv_heads);
  return [=](const Pointers& arrays, void*) {
    const auto* const q = static_cast<const uint16_t*>(arrays[0]);
    const auto* const representatives = static_cast<const uint16_t*>(arrays[1]);
    const auto* const table = static_cast<const int32_t*>(arrays[2]);
    const auto* const lengths = static_cast<const int32_t*>(arrays[3]);
    auto* const scores = static_cast<float*>(arrays[4]);
    parallel(items, 1, [&](size_t begin, size_t end) {
      std::vector<float> folded(size_t(2 * head_dim));
      for (size_t item = begin; item < end; item++) {
        const int64_t head = int64_t(item) % kv_heads, part = int64_t(item) / kv_heads % parts, sequence = int64_t(item) / kv_heads / parts;
        const int64_t pair = sequence * kv_heads + head, pages = (lengths[sequence] + PAGE_TOKENS - 1) / PAGE_TOKENS;
        fold_queries(q + pair * group * head_dim, group, head_dim, folded.data());
        for (int64_t page = part * SCORED_PAGES; page < std::min((part + 1) * SCORED_PAGES, pages); page++) {
          const int64_t row = table[sequence * max_pages + page] * kv_heads + head;
          scores[pair * max_pages + page] = dot(representatives + row * 2 * head_dim, folded.data(), 2 * head_dim);
        }
      }
    });
  };
}

}  // namespace raas::cpu
