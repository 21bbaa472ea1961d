#pragma once
#include "paged-reference.h"

namespace raas {

/**
 * Attention of one new token of each sequence over its keys in pages: out = softmax(q · K / sqrt(headDim)) · V.
 * Shape: sequences, context (keys of a sequence, that of its new token included; the mean where ragged), queryHeads, kvHeads
 * (divides queryHeads), headDim (64 or 128), kvFormat, scattered, ragged (PagedKv says what these are).
 * q and out: [sequences][queryHeads][headDim] bf16.
 * Bytes moved: K and V of all keys, 2 · keys · kvHeads · headDim values; page table; lengths; q and out.
 * FLOPs: 4 · keys · queryHeads · headDim.
 */
class DecodeAttention : public Problem {
 public:
  explicit DecodeAttention(const Shape& shape)
      : kv(shape, size_in(shape, "context"), 0), query_heads(size_in(shape, "queryHeads")) {
    size_among(shape, "headDim", {64, 128});
    if (query_heads % kv.kv_heads != 0)
      throw Error("queryHeads " + std::to_string(query_heads) + " is not allowed; expected a multiple of kvHeads " + std::to_string(kv.kv_heads));
    if (kv.sequences > 65535) throw Error("sequences " + std::to_string(kv.sequences) + " is not allowed; expected at most 65535");
  }

  enum : size_t { Q, K, V, SCALES, TABLE, LENGTHS, OUT, PARTIAL_OUT, PARTIAL_SUMS, ARRIVALS };

  /** Least pages of one of the parts that a sequence may be split into: bounds what the parts' results take in memory. */
  int64_t least_split_pages() const { return std::max<int64_t>(4, (kv.max_pages + MAX_SPLITS - 1) / MAX_SPLITS); }
  int64_t max_splits() const { return (kv.max_pages + least_split_pages() - 1) / least_split_pages(); }
  size_t queries() const { return size_t(kv.sequences * query_heads); }

  std::vector<Array> arrays() const override {
    const size_t values = queries() * size_t(kv.head_dim), splits = size_t(max_splits());
    std::vector<Array> list = {{"q", Type::bf16, values, Role::input}};
    for (const Array& array : kv.arrays()) list.push_back(array);
    list.push_back({"out", Type::bf16, values, Role::output});
    list.push_back({"partialOut", Type::f32, values * splits, Role::scratch});          // [sequences][splits][queryHeads][headDim]
    list.push_back({"partialSums", Type::f32, queries() * splits * 2, Role::scratch});  // maximum and sum of each of these
    // Parts of a sequence and head that are done: zeros before a run and, since a kernel's last part clears it, after it.
    list.push_back({"arrivals", Type::i32, queries(), Role::state});
    return list;
  }
  Work work() const override {
    const double values = double(queries()) * double(kv.head_dim);
    return {kv.bytes_read() + 2 * 2 * values, 4.0 * double(kv.keys) * double(query_heads * kv.head_dim)};
  }
  void fill(HostArrays& arrays, Random& random) const override {
    NormalValues(Type::bf16, 2, random).fill(arrays[Q].data(), queries() * size_t(kv.head_dim));
    kv.fill(arrays, K, random);
    std::fill(arrays[ARRIVALS].begin(), arrays[ARRIVALS].end(), 0);
  }
  Agreement compare(const HostArrays& before, const HostArrays& after, Random& random) const override {
    const PagedKvReader reader(kv, before, K);
    const auto* const q = reinterpret_cast<const uint16_t*>(before[Q].data());
    if (after[ARRIVALS] != before[ARRIVALS]) return {NAN, 0};
    return compare_queries(after[OUT], int64_t(queries()), kv.head_dim, double(kv.keys) / double(kv.sequences), random, [&](int64_t query) {
      const int64_t sequence = query / query_heads, kv_head = query % query_heads / (query_heads / kv.kv_heads);
      return reference_attention(reader, q + query * kv.head_dim, kv.head_dim, sequence, kv_head, reader.length(sequence));
    });
  }

  const PagedKv kv;
  const int64_t query_heads;

 private:
  static constexpr int64_t MAX_SPLITS = 256;
};

namespace cuda { Run decode_attention(const Problem&); }
namespace emulated { Run decode_attention(const Problem&); }
namespace cpu { Run decode_attention(const Problem&); }

}  // namespace raas
