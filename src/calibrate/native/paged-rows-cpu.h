#pragma once
#include <cmath>
#include <vector>
#include "cpu-exp.h"
#include "cpu-vector.h"
#include "numbers.h"
#include "paged-kv.h"

namespace raas::cpu {

/** LANES stored values: bfloat16, or fp8, whose bits moved to where a float has them are 2^-120 too small. */
template <bool FP8>
Vector load_stored(const unsigned char* from) {
  if constexpr (FP8) {
    typedef uint8_t Bytes __attribute__((vector_size(LANES)));
    Bytes bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    const VectorBits wide = __builtin_convertvector(bytes, VectorBits), bits = (wide & 0x80) << 24 | (wide & 0x7f) << 20;
    Vector vector;
    std::memcpy(&vector, &bits, sizeof vector);
    return vector * 0x1p120f;
  } else {
    return load_bf16(reinterpret_cast<const uint16_t*>(from));
  }
}

/** Sum of a vector's values, in every one of its places: halves are added, then quarters and so on. */
template <int STEP = LANES / 2>
Vector folded(const Vector& vector) {
  VectorBits places;
  for (uint32_t i = 0; i < LANES; i++) places[i] = i ^ STEP;
  const Vector sum = vector + __builtin_shuffle(vector, places);
  if constexpr (STEP > 1) return folded<STEP / 2>(sum);
  else return sum;
}

/** Softmax attention of some queries of one KV head, page after page: a page is widened to floats once for all of them. */
template <int D, bool FP8>
class RowAttention {
 public:
  explicit RowAttention(int64_t rows)
      : rows_(rows), q_(size_t(rows * D)), out_(size_t(rows * D)), most_(size_t(rows), -INFINITY), sum_(size_t(rows)) {}

  /** A query times what all its scores are multiplied by. */
  void set_query(int64_t row, const uint16_t* query, float scale) {
    for (int i = 0; i < D; i++) q_[size_t(row * D + i)] = from_bf16(query[i]) * scale;
  }
  /** `visible(row)`: how many of the page's first `count` keys a row sees. */
  template <typename Visible>
  void attend(const unsigned char* k, const unsigned char* v, size_t token_bytes, int64_t count, const Visible& visible) {
    for (int64_t t = 0; t < count; t++)
      for (int i = 0; i < D; i += LANES) {
        store(k_[t] + i, load_stored<FP8>(k + size_t(t) * token_bytes + size_t(i) * BYTES));
        store(v_[t] + i, load_stored<FP8>(v + size_t(t) * token_bytes + size_t(i) * BYTES));
      }
    for (int64_t row = 0; row < rows_; row++) add_page(row, std::min(count, visible(row)));
  }
  float most(int64_t row) const { return most_[size_t(row)]; }
  float sum(int64_t row) const { return sum_[size_t(row)]; }
  /** Sums of V, weighted by e^(score − most). */
  const float* out(int64_t row) const { return &out_[size_t(row * D)]; }

 private:
  static constexpr size_t BYTES = FP8 ? 1 : 2;
  static constexpr int PARTS = D / LANES;

  void add_page(int64_t row, int64_t visible) {
    if (visible <= 0) return;
    Vector parts[PARTS];
    for (int i = 0; i < PARTS; i++) parts[i] = load(&q_[size_t(row * D + i * LANES)]);
    float weights[PAGE_TOKENS], peak = most_[size_t(row)];
    for (int64_t t = 0; t < PAGE_TOKENS; t++) {
      weights[t] = -INFINITY;
      if (t >= visible) continue;
      Vector product = parts[0] * load(k_[t]);
      for (int i = 1; i < PARTS; i++) product += parts[i] * load(k_[t] + i * LANES);
      weights[t] = folded(product)[0];
    }
    for (const float weight : weights) peak = weight > peak ? weight : peak;
    for (int64_t t = 0; t < PAGE_TOKENS; t++) weights[t] = exp_of(weights[t] - peak);
    const float shrink = exp_of(most_[size_t(row)] - peak);
    float total = sum_[size_t(row)] * shrink;
    for (int i = 0; i < PARTS; i++) parts[i] = load(&out_[size_t(row * D + i * LANES)]) * shrink;
    for (int64_t t = 0; t < visible; t++) {
      total += weights[t];
      for (int i = 0; i < PARTS; i++) parts[i] += weights[t] * load(v_[t] + i * LANES);
    }
    for (int i = 0; i < PARTS; i++) store(&out_[size_t(row * D + i * LANES)], parts[i]);
    most_[size_t(row)] = peak;
    sum_[size_t(row)] = total;
  }

  const int64_t rows_;
  std::vector<float> q_, out_, most_, sum_;
  float k_[PAGE_TOKENS][D], v_[PAGE_TOKENS][D];
};

}  // namespace raas::cpu
