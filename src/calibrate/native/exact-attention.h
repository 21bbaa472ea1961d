#pragma once
#include <algorithm>
#include <cmath>
#include <vector>
#include "numbers.h"

namespace raas {

/** Of how many pairs of sequence and KV head, each with `tokens`, the attention is compared: what takes about a second. */
inline size_t compared_pairs(double tokens, int64_t group, int64_t head_dim) {
  return size_t(std::clamp(double(1 << 28) / (tokens * double(group * head_dim)), 4.0, 64.0));
}

/** Attention of one query head in double precision. */
struct ExactAttention {
  /** `key(i, c)` and `value(i, c)`: channel c of the i-th of `count` tokens, in any order; `q`: headDim values in bfloat16. */
  template <typename Key, typename Value>
  ExactAttention(const uint16_t* q, int64_t head_dim, int64_t count, const Key& key, const Value& value)
      : weights(size_t(count)), out(size_t(head_dim)) {
    double peak = -INFINITY, total = 0;
    for (int64_t i = 0; i < count; i++) {
      double logit = 0;
      for (int64_t c = 0; c < head_dim; c++) logit += double(from_bf16(q[c])) * key(i, c);
      weights[size_t(i)] = logit / std::sqrt(double(head_dim));
      peak = std::max(peak, weights[size_t(i)]);
    }
    for (double& weight : weights) total += weight = std::exp(weight - peak);
    for (int64_t i = 0; i < count; i++) {
      weights[size_t(i)] /= total;
      for (int64_t c = 0; c < head_dim; c++) out[size_t(c)] += weights[size_t(i)] * value(i, c);
    }
  }

  std::vector<double> weights;  // after the softmax
  std::vector<double> out;
};

}  // namespace raas
