#pragma once
#include "attention-parts.h"
#include "exact-attention.h"
#include "error-norm.h"
#include "head-group.h"

namespace raas {

/**
 * Decode attention as H2O needs it (arXiv 2306.14048): every weight is written out, and the mean of a token's weights over
 * the query heads of a KV head is added to its sum, by which H2O evicts. The tokens held lie in pages, as in dense decode.
 * Shape: sequences, context (tokens held a sequence), queryHeads, kvHeads, headDim (64 or 128), scattered, ragged (see PagedKv).
 * Arrays: q bf16 [sequences][queryHeads][headDim]; the cache (PagedKv, bf16); out as q; sums f32 [sequences][kvHeads]
 * [16 · maxPages]; logits f32 [sequences][queryHeads][16 · maxPages] and the rest scratch.
 * Bytes: the cache once, q and out once, 4 · queryHeads a token to write logits and again to read them, 8 · kvHeads to
 * read and write sums. FLOPs: 4 · headDim · queryHeads a token.
 */
class H2oAttention : public Problem {
 public:
  explicit H2oAttention(const Shape& shape)
      : group(group_of(shape)),
        kv(with(shape, {{"kvFormat", 0}}), size_in(shape, "context"), 0),
        parts(kv.sequences * kv.kv_heads, group, kv.head_dim, kv.max_pages) {
    size_among(shape, "headDim", {64, 128});
  }
  enum : size_t { Q, K, V, SCALES, TABLE, LENGTHS, OUT, SUMS, LOGITS, DENOMINATORS, PARTS };  // places of the arrays
  std::vector<Array> arrays() const override {
    const size_t heads = size_t(kv.sequences * kv.kv_heads * group), tokens = size_t(kv.max_pages * PAGE_TOKENS);
    std::vector<Array> all = {{"q", Type::bf16, heads * size_t(kv.head_dim), Role::input}};
    for (const Array& array : kv.arrays()) all.push_back(array);
    all.push_back({"out", Type::bf16, heads * size_t(kv.head_dim), Role::output});
    all.push_back({"sums", Type::f32, heads / size_t(group) * tokens, Role::state});
    all.push_back({"logits", Type::f32, heads * tokens, Role::scratch});
    all.push_back({"denominators", Type::f32, heads * 2, Role::scratch});
    for (const Array& array : parts.arrays()) all.push_back(array);
    return all;
  }
  Work work() const override {
    const double heads = double(kv.kv_heads * group), tokens = double(kv.keys);
    return {kv.bytes_read() + 4 * double(kv.sequences) * heads * double(kv.head_dim) + 8 * tokens * (heads + double(kv.kv_heads)),
            4 * tokens * heads * double(kv.head_dim)};
  }
  void fill(HostArrays& arrays, Random& random) const override {
    NormalValues(Type::bf16, 1, random).fill(arrays[Q].data(), arrays[Q].size() / 2);
    kv.fill(arrays, K, random);
    auto* const sums = reinterpret_cast<float*>(arrays[SUMS].data());
    std::exponential_distribution<float> mass(64);
    for (size_t i = 0; i < arrays[SUMS].size() / 4; i++) sums[i] = mass(random);
    AttentionParts::fill(arrays, PARTS);
  }
  Agreement compare(const HostArrays& before, const HostArrays& after, Random& random) const override {
    const PagedKvReader cache(kv, before, K);
    ErrorNorm out_error, sum_error;
    Sample sample(compared_pairs(double(kv.keys) / double(kv.sequences), group, kv.head_dim), size_t(parts.pairs), random);
    for (int64_t pair = 0; pair < parts.pairs; pair++) {
      const int64_t sequence = pair / kv.kv_heads, head = pair % kv.kv_heads, length = cache.length(sequence);
      const auto* const out = reinterpret_cast<const uint16_t*>(after[OUT].data()) + pair * group * kv.head_dim;
      const size_t first = size_t(pair * kv.max_pages * PAGE_TOKENS);
      const auto* const old_sums = reinterpret_cast<const float*>(before[SUMS].data()) + first;
      const auto* const sums = reinterpret_cast<const float*>(after[SUMS].data()) + first;
      for (int64_t i = 0; i < group * kv.head_dim; i++) out_error.look_at(from_bf16(out[i]));
      for (int64_t i = 0; i < length; i++) sum_error.look_at(sums[i]);
      for (int64_t i = length; i < kv.max_pages * PAGE_TOKENS; i++) sum_error.add(sums[i] - old_sums[i], 0);
      if (!sample.takes_next()) continue;
      std::vector<double> added(static_cast<size_t>(length));
      for (int64_t member = 0; member < group; member++) {
        const ExactAttention exact(reinterpret_cast<const uint16_t*>(before[Q].data()) + (pair * group + member) * kv.head_dim, kv.head_dim, length,
                                       [&](int64_t i, int64_t c) { return cache.k(cache.slot(sequence, i), head, c); },
                                   [&](int64_t i, int64_t c) { return cache.v(cache.slot(sequence, i), head, c); });
        for (int64_t c = 0; c < kv.head_dim; c++) out_error.add(from_bf16(out[member * kv.head_dim + c]), exact.out[size_t(c)]);
        for (int64_t i = 0; i < length; i++) added[size_t(i)] += exact.weights[size_t(i)] / double(group);
      }
      for (int64_t i = 0; i < length; i++) sum_error.add(sums[i] - double(old_sums[i]), added[size_t(i)]);
    }
    if (after[PARTS + 2] != before[PARTS + 2]) throw Error("tickets are not back at zero");
    return together(out_error.agreement(), sum_error.agreement());
  }

  const int64_t group;
  const PagedKv kv;
  const AttentionParts parts;
};

namespace cuda { Run h2o_attention(const Problem&); }
namespace emulated { Run h2o_attention(const Problem&); }
namespace cpu { Run h2o_attention(const Problem&); }

}  // namespace raas
