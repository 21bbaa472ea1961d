#pragma once
#include "error-norm.h"
#include "head-group.h"
#include "page-representatives.h"

namespace raas {

/**
 * Scores of all pages of a batch by Quest's bound.
 * Shape: sequences, context (tokens a sequence), queryHeads, kvHeads, headDim (64 or 128), scattered, ragged (see PagedKv).
 * Arrays: q bf16 [sequences][queryHeads][headDim]; representatives bf16 [pages][kvHeads][2][headDim], minima then maxima;
 * pageTable i32 [sequences][maxPages]; lengths i32 [sequences]; scores f32 [sequences][kvHeads][maxPages], of which only
 * those of a sequence's pages are written.
 * Bytes: 4 · kvHeads · headDim a page of representatives, 4 · kvHeads of scores, 4 of the table; q and lengths once.
 * FLOPs: 4 · kvHeads · headDim a page.
 */
class PageScores : public Problem {
 public:
  explicit PageScores(const Shape& shape)
      : group(group_of(shape)), kv(with(shape, {{"kvFormat", 0}}), size_in(shape, "context"), 0) {
    size_among(shape, "headDim", {64, 128});
  }
  size_t row() const { return size_t(2 * kv.head_dim); }
  std::vector<Array> arrays() const override {
    return {{"q", Type::bf16, size_t(kv.sequences * group) * kv.token_values(), Role::input},
            {"representatives", Type::bf16, size_t(kv.pages * kv.kv_heads) * row(), Role::input},
            {"pageTable", Type::i32, size_t(kv.sequences * kv.max_pages), Role::input},
            {"lengths", Type::i32, size_t(kv.sequences), Role::input},
            {"scores", Type::f32, size_t(kv.sequences * kv.kv_heads * kv.max_pages), Role::output}};
  }
  Work work() const override {
    const double rows = double(kv.pages * kv.kv_heads), values = rows * double(row());
    return {2 * values + 4 * rows + 4 * double(kv.pages + kv.sequences) + 2 * double(kv.sequences * group) * double(kv.token_values()),
            2 * values};
  }
  void fill(HostArrays& arrays, Random& random) const override {
    NormalValues(Type::bf16, 1, random).fill(arrays[0].data(), arrays[0].size() / 2);
    // Extremes of 16 normal values lie about 1.8 deviations out.
    NormalValues around(Type::bf16, 0.5, random);
    around.fill(arrays[1].data(), arrays[1].size() / 2);
    auto* const values = reinterpret_cast<uint16_t*>(arrays[1].data());
    for (size_t i = 0; i < arrays[1].size() / 2; i++) {
      const float distance = i / size_t(kv.head_dim) % 2 == 0 ? -1.8f : 1.8f;
      values[i] = to_bf16(distance + std::clamp(from_bf16(values[i]), -1.8f, 1.8f));
    }
    kv.deal(reinterpret_cast<int32_t*>(arrays[2].data()), reinterpret_cast<int32_t*>(arrays[3].data()), random);
  }
  Agreement compare(const HostArrays& before, const HostArrays& after, Random& random) const override {
    const auto* const q = reinterpret_cast<const uint16_t*>(before[0].data());
    const auto* const representatives = reinterpret_cast<const uint16_t*>(before[1].data());
    const auto* const table = reinterpret_cast<const int32_t*>(before[2].data());
    const auto* const lengths = reinterpret_cast<const int32_t*>(before[3].data());
    const auto* const scores = reinterpret_cast<const float*>(after[4].data());
    SampledErrorNorm error(size_t(kv.pages * kv.kv_heads), random);
    for (int64_t i = 0; i < kv.sequences * kv.kv_heads; i++) {
      const int64_t sequence = i / kv.kv_heads, head = i % kv.kv_heads;
      for (int64_t page = 0; page < PagedKv::pages_of(lengths[sequence]); page++)
        error.add(scores[i * kv.max_pages + page], [&] {
          const int64_t at = table[sequence * kv.max_pages + page] * kv.kv_heads + head;
          return page_bound(q + i * group * kv.head_dim, group, representatives + size_t(at) * row(), kv.head_dim);
        });
    }
    return error.agreement();
  }

  const int64_t group;
  const PagedKv kv;
};

namespace cuda { Run page_scores(const Problem&); }
namespace emulated { Run page_scores(const Problem&); }
namespace cpu { Run page_scores(const Problem&); }

}  // namespace raas
