#include "page-bound-cpu.h"
#include "page-selection-cpu.h"
#include "paged-attention-cpu.h"
#include "raas-step.h"
#include "threads.h"

namespace raas::cpu {
namespace {

/** The new key and value join a page, and the key its representative. */
void append(const RaasStep& own, const Pointers& arrays, int64_t pair, int64_t page, int64_t offset) {
  using P = RaasStep;
  const int64_t head = pair % own.kv_heads, head_dim = own.head_dim;
  const auto* const key = static_cast<const uint16_t*>(arrays[P::NEW_KEYS]) + pair * head_dim;
  const auto* const value = static_cast<const uint16_t*>(arrays[P::NEW_VALUES]) + pair * head_dim;
  std::copy_n(key, head_dim, static_cast<uint16_t*>(arrays[P::K]) + own.token_at(page, offset, head));
  std::copy_n(value, head_dim, static_cast<uint16_t*>(arrays[P::V]) + own.token_at(page, offset, head));
  auto* const least = static_cast<uint16_t*>(arrays[P::REPRESENTATIVES]) + own.representative_at(page, head);
  for (int64_t c = 0; c < head_dim; c++) {
    if (offset == 0 || from_bf16(key[c]) < from_bf16(least[c])) least[c] = key[c];
    if (offset == 0 || from_bf16(key[c]) > from_bf16(least[head_dim + c])) least[head_dim + c] = key[c];
  }
}

/** The page with the oldest stamp leaves: it goes behind the others, which move up. */
void evict(int32_t* pages, int32_t* stamps, int64_t pinned, int64_t newest) {
  const int64_t victim = std::min_element(stamps + pinned, stamps + newest) - stamps;
  std::rotate(pages + victim, pages + victim + 1, pages + newest + 1);
  std::rotate(stamps + victim, stamps + victim + 1, stamps + newest + 1);
}

}  // namespace

Run raas_step(const Problem& problem) {
  using P = RaasStep;
  return [own = dynamic_cast<const P&>(problem)](const Pointers& arrays, void*) {
    const int64_t group = own.group, kv_heads = own.kv_heads, head_dim = own.head_dim, pinned = own.pinned;
    auto* const lengths = static_cast<int32_t*>(arrays[P::LENGTHS]);
    const auto* const representatives = static_cast<const uint16_t*>(arrays[P::REPRESENTATIVES]);
    parallel(size_t(own.parts.pairs), 1, [&](size_t from, size_t to) {
      GroupAttention attention(group, head_dim);
      BestScores best;
      std::vector<float> folded(size_t(2 * head_dim)), scores(static_cast<size_t>(own.slots));
      for (int64_t pair = int64_t(from); pair < int64_t(to); pair++) {
        const int64_t head = pair % kv_heads;
        const int32_t position = lengths[pair / kv_heads];
        const int64_t offset = position % PAGE_TOKENS, held = own.held_pages + (offset == 0), newest = held - 1;
        int32_t* const pages = static_cast<int32_t*>(arrays[P::PAGES]) + pair * own.slots;
        int32_t* const stamps = static_cast<int32_t*>(arrays[P::STAMPS]) + pair * own.slots;
        append(own, arrays, pair, pages[newest], offset);
        const auto* const q = static_cast<const uint16_t*>(arrays[P::Q]) + pair * group * head_dim;
        fold_queries(q, group, head_dim, folded.data());
        for (int64_t i = pinned; i < held; i++)
          scores[size_t(i - pinned)] = dot(representatives + own.representative_at(pages[i], head), folded.data(), 2 * head_dim);
        if (offset == 0) stamps[newest] = position;
        for (const int32_t i : best.of(scores.data(), held - pinned, (held - pinned + 1) / 2)) stamps[pinned + i] = position;
        const auto row = [&](size_t array, int64_t i) {
          return static_cast<const uint16_t*>(arrays[array]) + own.token_at(pages[i / PAGE_TOKENS], i % PAGE_TOKENS, head);
        };
        attention.attend(q, newest * PAGE_TOKENS + offset + 1, [&](int64_t i) { return row(P::K, i); }, [&](int64_t i) { return row(P::V, i); },
                         static_cast<uint16_t*>(arrays[P::OUT]) + pair * group * head_dim);
        if (offset == 0) evict(pages, stamps, pinned, newest);
      }
    });
    for (int64_t sequence = 0; sequence < own.sequences; sequence++) lengths[sequence]++;
  };
}

}  // namespace raas::cpu
