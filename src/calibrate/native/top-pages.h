#pragma once
#include <numeric>
#include "head-group.h"

namespace raas {

/** Pages that Quest reads in a step: its budget of tokens, at least three pages (its code's max(3, budget / page)). */
inline int64_t pages_read(const Shape& shape) {
  return std::max<int64_t>(3, size_multiple(shape, "budget", PAGE_TOKENS) / PAGE_TOKENS);
}

/**
 * The pages that Quest reads, chosen by their scores: for each sequence and KV head the newest page and the best others,
 * of equal ones the lower; all while there are no more than that.
 * Shape: sequences, context (tokens a sequence), kvHeads, budget (tokens read, a multiple of 16), ragged (see PagedKv).
 * Arrays: scores f32 [sequences][kvHeads][maxPages]; lengths i32 [sequences]; chosen i32 [sequences][kvHeads][pages read],
 * pages of the sequence, ascending, -1 behind the last.
 * Bytes: 4 a score, lengths once, 4 a page chosen. FLOPs: none counted; what bounds it is latency.
 */
class TopPages : public Problem {
 public:
  explicit TopPages(const Shape& shape)
      : chosen(pages_read(shape)),
        kv(with(shape, {{"kvFormat", 0}, {"headDim", 1}, {"scattered", 0}}), size_in(shape, "context"), 0) {}
  std::vector<Array> arrays() const override {
    const size_t pairs = size_t(kv.sequences * kv.kv_heads);
    return {{"scores", Type::f32, pairs * size_t(kv.max_pages), Role::input},
            {"lengths", Type::i32, size_t(kv.sequences), Role::input},
            {"chosen", Type::i32, pairs * size_t(chosen), Role::output}};
  }
  Work work() const override {
    return {4.0 * double(kv.kv_heads * (kv.pages + kv.sequences * chosen)) + 4.0 * double(kv.sequences), 0};
  }
  void fill(HostArrays& arrays, Random& random) const override {
    std::vector<int32_t> table(size_t(kv.sequences * kv.max_pages));
    kv.deal(table.data(), reinterpret_cast<int32_t*>(arrays[1].data()), random);
    NormalValues(Type::f32, 4, random).fill(arrays[0].data(), arrays[0].size() / 4);  // some are equal
  }
  Agreement compare(const HostArrays& before, const HostArrays& after, Random&) const override {
    const auto* const lengths = reinterpret_cast<const int32_t*>(before[1].data());
    const auto* const found = reinterpret_cast<const int32_t*>(after[2].data());
    int64_t wrong = 0;
    for (int64_t i = 0; i < kv.sequences * kv.kv_heads; i++) {
      const auto* const scores = reinterpret_cast<const float*>(before[0].data()) + i * kv.max_pages;
      std::vector<int32_t> order(size_t(PagedKv::pages_of(lengths[i / kv.kv_heads])));
      std::iota(order.begin(), order.end(), 0);
      // Without the newest page, which comes first.
      std::stable_sort(order.begin(), order.end() - 1, [&](int32_t a, int32_t b) { return scores[a] > scores[b]; });
      std::rotate(order.begin(), order.end() - 1, order.end());
      if (order.size() > size_t(chosen)) order.resize(size_t(chosen));
      std::sort(order.begin(), order.end());
      order.resize(size_t(chosen), -1);
      for (int64_t rank = 0; rank < chosen; rank++) wrong += order[size_t(rank)] != found[i * chosen + rank];
    }
    const int64_t compared = kv.sequences * kv.kv_heads * chosen;
    return {double(wrong) / double(compared), compared};
  }

  const int64_t chosen;  // pages of a sequence and KV head, if there are so many
  const PagedKv kv;
};

namespace cuda { Run top_pages(const Problem&); }
namespace emulated { Run top_pages(const Problem&); }
namespace cpu { Run top_pages(const Problem&); }

}  // namespace raas
