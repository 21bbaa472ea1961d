#pragma once
#include <cmath>
#include <vector>
#include "numbers.h"

namespace raas {

/** Attention of one query head in double precision. */
struct ExactAttention {
  /** `key(i)` and `value(i)`: rows (bfloat16) of the i-th of `count` tokens, in any order. */
  template <typename Key, typename Value>
  ExactAttention(const uint16_t* q, int64_t head_dim, int64_t count, const Key& key, const Value& value)
      : weights(size_t(count)), out(size_t(head_dim)) {
    double peak = -INFINITY, total = 0;
    for (int64_t i = 0; i < count; i++) {
      const uint16_t* const row = key(i);
      double logit = 0;
      for (int64_t c = 0; c < head_dim; c++) logit += double(from_bf16(q[c])) * from_bf16(row[c]);
      weights[size_t(i)] = logit / std::sqrt(double(head_dim));
      peak = std::max(peak, weights[size_t(i)]);
    }
    for (double& weight : weights) total += weight = std::exp(weight - peak);
    for (int64_t i = 0; i < count; i++) {
      weights[size_t(i)] /= total;
      const uint16_t* const row = value(i);
      for (int64_t c = 0; c < head_dim; c++) out[size_t(c)] += weights[size_t(i)] * from_bf16(row[c]);
    }
  }

  std::vector<double> weights;  // after the softmax
  std::vector<double> out;
};

}  // namespace raas
