#pragma once
#include "paged-reference.h"

namespace raas {

/**
 * Causal attention of the new tokens of each sequence over the keys cached before them and their own, all in pages:
 * token t sees the first (cached + t + 1) keys. out = softmax(q · K / sqrt(headDim)) · V.
 * Shape: sequences, tokens (new, of each sequence), context (cached before them, 0 or more; the mean where ragged),
 * queryHeads, kvHeads (divides queryHeads), headDim (64 or 128), kvFormat, scattered, ragged (PagedKv says what these are).
 * q and out: [sequences][tokens][queryHeads][headDim] bf16.
 * Bytes moved: K and V of all keys, 2 · keys · kvHeads · headDim values; page table; lengths; q and out.
 * FLOPs: 4 · queryHeads · headDim for each key that a token sees: tokens · cached + tokens · (tokens + 1) / 2 of a sequence.
 */
class PrefillAttention : public Problem {
 public:
  explicit PrefillAttention(const Shape& shape)
      : tokens(size_in(shape, "tokens")), query_heads(size_in(shape, "queryHeads")), kv(shape, size_in(shape, "context", 0), tokens) {
    size_among(shape, "headDim", {64, 128});
    if (query_heads % kv.kv_heads != 0)
      throw Error("queryHeads " + std::to_string(query_heads) + " is not allowed; expected a multiple of kvHeads " + std::to_string(kv.kv_heads));
    if (kv.sequences > 65535) throw Error("sequences " + std::to_string(kv.sequences) + " is not allowed; expected at most 65535");
    if (tokens * query_heads > INT32_MAX) throw Error("tokens " + std::to_string(tokens) + " is not allowed; expected fewer than 2^31 queries");
  }

  enum : size_t { Q, K, V, SCALES, TABLE, LENGTHS, OUT };

  std::vector<Array> arrays() const override {
    std::vector<Array> list = {{"q", Type::bf16, values(), Role::input}};
    for (const Array& array : kv.arrays()) list.push_back(array);
    list.push_back({"out", Type::bf16, values(), Role::output});
    return list;
  }
  Work work() const override {
    double seen = 0;
    for (const int64_t length : kv.lengths) seen += double(tokens) * (double(length - tokens) + double(tokens + 1) / 2);
    return {kv.bytes_read() + 2 * 2 * double(values()), 4 * seen * double(query_heads * kv.head_dim)};
  }
  void fill(HostArrays& arrays, Random& random) const override {
    NormalValues(Type::bf16, 2, random).fill(arrays[Q].data(), values());
    kv.fill(arrays, K, random);
  }
  Agreement compare(const HostArrays& before, const HostArrays& after, Random& random) const override {
    const PagedKvReader reader(kv, before, K);
    const auto* const q = reinterpret_cast<const uint16_t*>(before[Q].data());
    const double keys = double(kv.keys) / double(kv.sequences);
    return compare_queries(after[OUT], kv.sequences * tokens * query_heads, kv.head_dim, keys, random, [&](int64_t query) {
      const int64_t sequence = query / query_heads / tokens, token = query / query_heads % tokens;
      const int64_t kv_head = query % query_heads / (query_heads / kv.kv_heads);
      return reference_attention(reader, q + query * kv.head_dim, kv.head_dim, sequence, kv_head, reader.length(sequence) - tokens + token + 1);
    });
  }

  const int64_t tokens, query_heads;
  const PagedKv kv;

 private:
  size_t values() const { return size_t(kv.sequences * tokens * query_heads * kv.head_dim); }
};

namespace cuda { Run prefill_attention(const Problem&); }
namespace emulated { Run prefill_attention(const Problem&); }
namespace cpu { Run prefill_attention(const Problem&); }

}  // namespace raas
