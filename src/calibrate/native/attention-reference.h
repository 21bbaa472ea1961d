#pragma once
#include "paged-kv.h"

namespace raas {

/** Sums up ‖got − expected‖ / ‖expected‖. */
class Comparison {
 public:
  void add(double got, double expected) {
    difference_ += (got - expected) * (got - expected);
    expected_ += expected * expected;
    compared_++;
  }
  Agreement result() const { return {std::sqrt(difference_ / expected_), compared_}; }

 private:
  double difference_ = 0, expected_ = 0;
  int64_t compared_ = 0;
};

/** Whether every bfloat16 value of an output is a number: one that was never written is not. */
inline bool all_numbers_bf16(const std::vector<unsigned char>& array) {
  for (size_t i = 0; i + 2 <= array.size(); i += 2) {
    uint16_t bits;
    std::memcpy(&bits, &array[i], 2);
    if ((bits & 0x7fff) > 0x7f80) return false;
  }
  return true;
}

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

/** How many queries of `total` to compare: all, or as many as a second or so allows where each reads `keys` keys. */
inline int64_t compared_queries(int64_t total, double keys, int64_t head_dim) {
  return std::min(total, std::max<int64_t>(8, int64_t(double(1 << 25) / (keys * double(head_dim)))));
}

}  // namespace raas
