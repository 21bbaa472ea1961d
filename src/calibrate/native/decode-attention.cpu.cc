#include "decode-attention.h"
#include "paged-rows-cpu.h"
#include "threads.h"

namespace raas::cpu {
namespace {

constexpr int64_t PARTS_EACH = 8;         // of a thread, so that threads end together
constexpr int64_t LEAST_PART_PAGES = 16;  // below, putting the parts together takes longer than it saves

template <int D, bool FP8>
Run run(const DecodeAttention& p) {
  using P = DecodeAttention;
  const int64_t sequences = p.kv.sequences, kv_heads = p.kv.kv_heads, query_heads = p.query_heads, group = query_heads / kv_heads;
  const int64_t max_pages = p.kv.max_pages, share = p.kv.pages * kv_heads / (PARTS_EACH * thread_count());
  const int64_t part_pages = std::max(LEAST_PART_PAGES, share), parts = (max_pages + part_pages - 1) / part_pages;
  // Of each part and query head: sums of V, then the maximum and the sum of the weights.
  const auto results = std::make_shared<std::vector<float>>(size_t(sequences * kv_heads * parts * group * (D + 2)));
  return [=](const Pointers& arrays, void*) {
    const auto* const q = static_cast<const uint16_t*>(arrays[P::Q]);
    const auto *const k = static_cast<const unsigned char*>(arrays[P::K]), *const v = static_cast<const unsigned char*>(arrays[P::V]);
    const auto* const scales = static_cast<const float*>(arrays[P::SCALES]);
    const auto *const table = static_cast<const int32_t*>(arrays[P::TABLE]), *const lengths = static_cast<const int32_t*>(arrays[P::LENGTHS]);
    auto* const out = static_cast<uint16_t*>(arrays[P::OUT]);
    const size_t token_bytes = size_t(kv_heads * D * (FP8 ? 1 : 2));
    const float scale = scales[0] / std::sqrt(float(D));
    const auto result = [&](int64_t sequence, int64_t kv_head, int64_t part, int64_t head) {
      return results->data() + (((sequence * kv_heads + kv_head) * parts + part) * group + head) * (D + 2);
    };
    parallel(size_t(sequences * parts * kv_heads), 1, [&](size_t from, size_t to) {
      for (int64_t i = int64_t(from); i < int64_t(to); i++) {
        const int64_t kv_head = i % kv_heads, part = i / kv_heads % parts, sequence = i / kv_heads / parts;
        RowAttention<D, FP8> rows(group);
        for (int64_t head = 0; head < group; head++) rows.set_query(head, q + (sequence * query_heads + kv_head * group + head) * D, scale);
        const int64_t pages = PagedKv::pages_of(lengths[sequence]);
        for (int64_t page = part * part_pages; page < std::min(pages, (part + 1) * part_pages); page++) {
          const size_t at = size_t(table[sequence * max_pages + page]) * PAGE_TOKENS * token_bytes + size_t(kv_head * D * (FP8 ? 1 : 2));
          const int64_t count = std::min<int64_t>(PAGE_TOKENS, lengths[sequence] - page * PAGE_TOKENS);
          rows.attend(k + at, v + at, token_bytes, count, [&](int64_t) { return count; });
        }
        for (int64_t head = 0; head < group; head++) {
          float* const to_result = result(sequence, kv_head, part, head);
          std::copy_n(rows.out(head), D, to_result);
          to_result[D] = rows.most(head), to_result[D + 1] = rows.sum(head);
        }
      }
    });
    parallel(size_t(sequences * query_heads), 1, [&](size_t from, size_t to) {
      for (int64_t query = int64_t(from); query < int64_t(to); query++) {
        const int64_t sequence = query / query_heads, kv_head = query % query_heads / group, head = query % group;
        float most = -INFINITY, total = 0, sums[D] = {};
        for (int64_t part = 0; part < parts; part++) most = std::max(most, result(sequence, kv_head, part, head)[D]);
        for (int64_t part = 0; part < parts; part++) {
          const float* const of_part = result(sequence, kv_head, part, head);
          const float weight = exp_of(of_part[D] - most);
          total += weight * of_part[D + 1];
          for (int i = 0; i < D; i++) sums[i] += weight * of_part[i];
        }
        for (int i = 0; i < D; i++) out[query * D + i] = to_bf16(sums[i] * scales[1] / total);
      }
    });
  };
}

}  // namespace

Run decode_attention(const Problem& problem) {
  const auto& p = dynamic_cast<const DecodeAttention&>(problem);
  if (p.kv.format == Type::fp8) return p.kv.head_dim == 64 ? run<64, true>(p) : run<128, true>(p);
  return p.kv.head_dim == 64 ? run<64, false>(p) : run<128, false>(p);
}

}  // namespace raas::cpu
