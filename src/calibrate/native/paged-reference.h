#pragma once
#include "error-norm.h"
#include "paged-kv.h"

namespace raas {

/** Attention of one query (bfloat16, headDim values at `query`) over the first `keys` keys of a sequence, in double. */
inline std::vector<double> reference_attention(const PagedKvReader& kv, const uint16_t* query, int64_t head_dim, int64_t sequence,
                                               int64_t kv_head, int64_t keys) {
  std::vector<double> scores(static_cast<size_t>(keys)), out(static_cast<size_t>(head_dim));
  for (int64_t key = 0; key < keys; key++) {
    const int64_t slot = kv.slot(sequence, key);
    double product = 0;
    for (int64_t d = 0; d < head_dim; d++) product += double(from_bf16(query[d])) * kv.k(slot, kv_head, d);
    scores[size_t(key)] = product / std::sqrt(double(head_dim));
  }
  const double most = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& score : scores) sum += score = std::exp(score - most);
  for (int64_t key = 0; key < keys; key++) {
    const int64_t slot = kv.slot(sequence, key);
    for (int64_t d = 0; d < head_dim; d++) out[size_t(d)] += scores[size_t(key)] / sum * kv.v(slot, kv_head, d);
  }
  return out;
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
