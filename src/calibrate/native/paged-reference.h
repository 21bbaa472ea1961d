#pragma once
#include "error-norm.h"
#include "exact-attention.h"
#include "paged-kv.h"

namespace raas {

/** Attention of one query (bfloat16, headDim values at `query`) over the first `keys` keys of a sequence, in double. */
inline std::vector<double> reference_attention(const PagedKvReader& kv, const uint16_t* query, int64_t head_dim, int64_t sequence,
                                               int64_t kv_head, int64_t keys) {
  return ExactAttention(query, head_dim, keys, [&](int64_t i, int64_t d) { return kv.k(kv.slot(sequence, i), kv_head, d); },
                        [&](int64_t i, int64_t d) { return kv.v(kv.slot(sequence, i), kv_head, d); })
      .out;
}

/** Looks at all of an output in bfloat16, and adds up the error of about as many queries as a second allows, of `keys` keys each. */
template <typename Expected>
Agreement compare_queries(const std::vector<unsigned char>& out, int64_t queries, int64_t head_dim, double keys, Random& random, const Expected& expected) {
  ErrorNorm norm;
  const auto value = [&](int64_t i) {
    uint16_t bits;
    std::memcpy(&bits, &out[size_t(2 * i)], 2);
    return double(from_bf16(bits));
  };
  for (int64_t i = 0; i < queries * head_dim; i++) norm.look_at(value(i));
  Sample sample(std::max<int64_t>(8, int64_t(double(1 << 25) / (keys * double(head_dim)))), queries, random);
  for (int64_t query = 0; query < queries; query++) {
    // The last query is compared whatever the sample says, so that there is one.
    if (!sample.takes_next() && query != queries - 1) continue;
    const std::vector<double> exact = expected(query);
    for (int64_t d = 0; d < head_dim; d++) norm.add(value(query * head_dim + d), exact[size_t(d)]);
  }
  return norm.agreement();
}

}  // namespace raas
