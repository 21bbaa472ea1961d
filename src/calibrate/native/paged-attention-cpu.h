#pragma once
#include <cmath>
#include <vector>
#include "cpu-exp.h"
#include "page-bound-cpu.h"

namespace raas::cpu {

/** Attention of the query heads of one KV head on a CPU: rows are widened once for all of them. */
class GroupAttention {
 public:
  GroupAttention(int64_t group, int64_t head_dim) : group_(group), head_dim_(head_dim), q_(size_t(group * head_dim)), row_(size_t(head_dim)), sums_(q_.size()) {}

  /** `key(i)` and `value(i)`: rows of the i-th of `count` tokens. */
  template <typename Key, typename Value>
  void attend(const uint16_t* q, int64_t count, const Key& key, const Value& value, uint16_t* out) {
    count_ = count;
    weights_.resize(size_t(group_ * count));
    const float scale = 1 / std::sqrt(float(head_dim_));
    for (size_t i = 0; i < q_.size(); i++) q_[i] = from_bf16(q[i]) * scale;
    for (int64_t i = 0; i < count; i++) {
      const uint16_t* const row = key(i);
      for (int64_t head = 0; head < group_; head++) weights_[size_t(head * count + i)] = dot(row, &q_[size_t(head * head_dim_)], head_dim_);
    }
    for (int64_t head = 0; head < group_; head++) softmax(&weights_[size_t(head * count)], count);
    std::fill(sums_.begin(), sums_.end(), 0.0f);
    for (int64_t i = 0; i < count; i++) {
      const uint16_t* const row = value(i);
      for (int64_t c = 0; c < head_dim_; c++) row_[size_t(c)] = from_bf16(row[c]);
      for (int64_t head = 0; head < group_; head++) {
        const float weight = weights_[size_t(head * count + i)];
        float* const sums = &sums_[size_t(head * head_dim_)];
        for (int64_t c = 0; c < head_dim_; c++) sums[c] += weight * row_[size_t(c)];
      }
    }
    for (size_t i = 0; i < sums_.size(); i++) out[i] = to_bf16(sums_[i]);
  }
  const float* weights(int64_t head) const { return &weights_[size_t(head * count_)]; }

 private:
  static void softmax(float* values, int64_t count) {
    float peak = values[0], total = 0;
    for (int64_t i = 1; i < count; i++) peak = std::max(peak, values[i]);
    for (int64_t i = 0; i < count; i++) values[i] = exp_of(values[i] - peak);
    for (int64_t i = 0; i < count; i++) total += values[i];
    for (int64_t i = 0; i < count; i++) values[i] /= total;
  }

  const int64_t group_, head_dim_;
  int64_t count_ = 0;
  std::vector<float> q_, row_, sums_, weights_;
};

}  // namespace raas::cpu
