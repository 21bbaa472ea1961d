#pragma once
#include <cmath>
#include <vector>
#include "cpu-exp.h"
#include "cpu-vector.h"
#include "numbers.h"

namespace raas::cpu {

/** Attention of the query heads of one KV head on a CPU: four heads share a key's row, four rows of values a head's sums. */
class GroupAttention {
 public:
  GroupAttention(int64_t group, int64_t head_dim)
      : group_(group),
        padded_((group + TILE - 1) / TILE * TILE),
        head_dim_(head_dim),
        q_(size_t(padded_ * head_dim)),
        rows_(size_t(TILE * head_dim)),
        sums_(size_t(group * head_dim)) {}

  /** `key(i)` and `value(i)`: rows of the i-th of `count` tokens. */
  template <typename Key, typename Value>
  void attend(const uint16_t* q, int64_t count, const Key& key, const Value& value, uint16_t* out) {
    count_ = count;
    weights_.resize(size_t(padded_ * count));
    const float scale = 1 / std::sqrt(float(head_dim_));
    for (size_t i = 0; i < sums_.size(); i++) q_[i] = from_bf16(q[i]) * scale;
    for (int64_t i = 0; i < count; i++) {
      prefetch(key(std::min(i + AHEAD, count - 1)));
      for (int64_t head = 0; head < padded_; head += TILE) multiply(key(i), head, i);
    }
    for (int64_t head = 0; head < group_; head++) softmax(&weights_[size_t(head * count)], count);
    std::fill(sums_.begin(), sums_.end(), 0.0f);
    for (int64_t i = 0; i < count; i += TILE) {
      for (int64_t t = 0; t < TILE; t++) {
        const uint16_t* const row = value(std::min(i + t, count - 1));
        prefetch(value(std::min(i + t + AHEAD, count - 1)));
        for (int64_t c = 0; c < head_dim_; c += LANES) store(&rows_[size_t(t * head_dim_ + c)], load_bf16(row + c));
      }
      for (int64_t head = 0; head < group_; head++) accumulate(head, i);
    }
    for (size_t i = 0; i < sums_.size(); i++) out[i] = to_bf16(sums_[i]);
  }
  const float* weights(int64_t head) const { return &weights_[size_t(head * count_)]; }

 private:
  static constexpr int64_t TILE = 4;
  static constexpr int64_t AHEAD = 16;  // rows of a head lie apart from each other, which no prefetcher foresees

  void prefetch(const uint16_t* row) const {
    for (int64_t c = 0; c < head_dim_; c += 32) __builtin_prefetch(row + c);
  }
  void multiply(const uint16_t* key, int64_t head, int64_t token) {
    const float* const q = &q_[size_t(head * head_dim_)];
    Vector sums[TILE] = {};
    for (int64_t c = 0; c < head_dim_; c += LANES) {
      const Vector row = load_bf16(key + c);
      for (int64_t h = 0; h < TILE; h++) sums[h] += row * load(q + h * head_dim_ + c);
    }
    for (int64_t h = 0; h < TILE; h++) weights_[size_t((head + h) * count_ + token)] = sum_of(sums[h]);
  }
  void accumulate(int64_t head, int64_t token) {
    float weights[TILE];
    for (int64_t t = 0; t < TILE; t++) weights[t] = token + t < count_ ? weights_[size_t(head * count_ + token + t)] : 0;
    float* const sums = &sums_[size_t(head * head_dim_)];
    for (int64_t c = 0; c < head_dim_; c += LANES) {
      Vector sum = load(sums + c);
      for (int64_t t = 0; t < TILE; t++) sum += load(&rows_[size_t(t * head_dim_ + c)]) * weights[t];
      store(sums + c, sum);
    }
  }
  static void softmax(float* values, int64_t count) {
    float peak = values[0], total = 0;
    for (int64_t i = 1; i < count; i++) peak = values[i] > peak ? values[i] : peak;
    for (int64_t i = 0; i < count; i++) values[i] = exp_of(values[i] - peak);
    for (int64_t i = 0; i < count; i++) total += values[i];
    const float factor = 1 / total;
    for (int64_t i = 0; i < count; i++) values[i] *= factor;
  }

  const int64_t group_, padded_, head_dim_;
  int64_t count_ = 0;
  std::vector<float> q_, rows_, sums_, weights_;  // idle heads' q are zeros
};

}  // namespace raas::cpu
