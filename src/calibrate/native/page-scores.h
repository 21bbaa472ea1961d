#pragma once
#include "error-norm.h"
#include "paged-kv.h"

namespace raas {

/** Query heads that share a KV head; throws Error unless it is a whole number up to 16, which a tile of tensor cores holds. */
inline int64_t group_of(const Shape& shape) {
  const int64_t query_heads = size_in(shape, "queryHeads"), kv_heads = size_in(shape, "kvHeads");
  if (query_heads % kv_heads != 0 || query_heads / kv_heads > 16)
    throw Error("queryHeads " + std::to_string(query_heads) + " is not allowed; expected 1 to 16 times kvHeads " + std::to_string(kv_heads));
  return query_heads / kv_heads;
}

/**
 * Quest's upper bound of a page (arXiv 2406.10774), which RaaS stamps by too (arXiv 2502.11147): the mean over the query
 * heads of a KV head of Σ_c max(q_c · min_c, q_c · max_c), min and max over the keys of a page. Since min ≤ max, this is
 * Σ_c (min_c · mean of min(q_c, 0) + max_c · mean of max(q_c, 0)): one product with a row of 2 · headDim, however large the
 * group is.
 */
inline double page_bound(const uint16_t* q, int64_t group, const uint16_t* representative, int64_t head_dim) {
  double sum = 0;
  for (int64_t head = 0; head < group; head++)
    for (int64_t c = 0; c < head_dim; c++) {
      const double value = from_bf16(q[head * head_dim + c]);
      sum += std::max(value * from_bf16(representative[c]), value * from_bf16(representative[head_dim + c]));
    }
  return sum / double(group);
}

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
  explicit PageScores(Shape shape)
      : group(group_of(shape)), kv((shape["kvFormat"] = 0, shape), size_in(shape, "context"), 0) {
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
    ErrorNorm error(size_t(kv.pages * kv.kv_heads), random);
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
