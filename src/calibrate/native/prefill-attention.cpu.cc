#include "paged-rows-cpu.h"
#include "prefill-attention.h"
#include "threads.h"

namespace raas::cpu {
namespace {

constexpr int64_t TILE_QUERIES = 64;  // that share the widening of a page

template <int D, bool FP8>
Run run(const PrefillAttention& p) {
  using P = PrefillAttention;
  const int64_t sequences = p.kv.sequences, kv_heads = p.kv.kv_heads, query_heads = p.query_heads, group = query_heads / kv_heads;
  const int64_t max_pages = p.kv.max_pages, tokens = p.tokens, queries = tokens * group, tiles = (queries + TILE_QUERIES - 1) / TILE_QUERIES;
  return [=](const Pointers& arrays, void*) {
    const auto* const q = static_cast<const uint16_t*>(arrays[P::Q]);
    const auto *const k = static_cast<const unsigned char*>(arrays[P::K]), *const v = static_cast<const unsigned char*>(arrays[P::V]);
    const auto* const scales = static_cast<const float*>(arrays[P::SCALES]);
    const auto *const table = static_cast<const int32_t*>(arrays[P::TABLE]), *const lengths = static_cast<const int32_t*>(arrays[P::LENGTHS]);
    auto* const out = static_cast<uint16_t*>(arrays[P::OUT]);
    const size_t token_bytes = size_t(kv_heads * D * (FP8 ? 1 : 2));
    const float scale = scales[0] / std::sqrt(float(D));
    const int64_t count = sequences * kv_heads * tiles;
    const auto solve = [&](int64_t item) {
      const int64_t kv_head = item % kv_heads, sequence = item / kv_heads % sequences, first = item / kv_heads / sequences * TILE_QUERIES;
      const int64_t rows_here = std::min(TILE_QUERIES, queries - first), cached = lengths[sequence] - tokens;
      const auto value = [&](int64_t row) {
        const int64_t query = first + row;
        return (((sequence * tokens + query / group) * query_heads) + kv_head * group + query % group) * D;
      };
      RowAttention<D, FP8> rows(rows_here);
      for (int64_t row = 0; row < rows_here; row++) rows.set_query(row, q + value(row), scale);
      const int64_t keys = cached + (first + rows_here - 1) / group + 1;
      for (int64_t key = 0; key < keys; key += PAGE_TOKENS) {
        const size_t at = size_t(table[sequence * max_pages + key / PAGE_TOKENS]) * PAGE_TOKENS * token_bytes + size_t(kv_head * D * (FP8 ? 1 : 2));
        rows.attend(k + at, v + at, token_bytes, std::min<int64_t>(PAGE_TOKENS, keys - key),
                    [&](int64_t row) { return cached + (first + row) / group + 1 - key; });
      }
      for (int64_t row = 0; row < rows_here; row++)
        for (int i = 0; i < D; i++) out[value(row) + i] = to_bf16(rows.out(row)[i] * scales[1] / rows.sum(row));
    };
    // Later tiles see more keys: a thread takes every so many-th one.
    const int64_t threads = thread_count();
    parallel(size_t(threads), 1, [&](size_t from, size_t to) {
      for (int64_t thread = int64_t(from); thread < int64_t(to); thread++)
        for (int64_t item = thread; item < count; item += threads) solve(item);
    });
  };
}

}  // namespace

Run prefill_attention(const Problem& problem) {
  const auto& p = dynamic_cast<const PrefillAttention&>(problem);
  if (p.kv.format == Type::fp8) return p.kv.head_dim == 64 ? run<64, true>(p) : run<128, true>(p);
  return p.kv.head_dim == 64 ? run<64, false>(p) : run<128, false>(p);
}

}  // namespace raas::cpu
