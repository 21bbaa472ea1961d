#pragma once
#include <algorithm>
#include "numbers.h"

namespace raas {

/**
 * Quest's upper bound of a page (arXiv 2406.10774), which RaaS stamps by too (arXiv 2502.11147): the mean over the query
 * heads of a KV head of Σ_c max(q_c · min_c, q_c · max_c), min and max over the keys of a page. Since min ≤ max, this is
 * Σ_c (min_c · mean of min(q_c, 0) + max_c · mean of max(q_c, 0)): one product with a row of 2 · headDim, however large the
 * group is.
 */
inline double page_bound(const uint16_t* q, int64_t group, const uint16_t* representative, int64_t head_dim) {
  double sum = 0;
  for (int64_t head = 0; head < group; head++)
    for (int64_t c = 0; c < head_dim; c++) {
      const double value = from_bf16(q[head * head_dim + c]);
      sum += std::max(value * from_bf16(representative[c]), value * from_bf16(representative[head_dim + c]));
    }
  return sum / double(group);
}

/** Minima and maxima of each channel over `count` rows of keys that lie `stride` values apart, as a page's representative. */
inline void represent(const uint16_t* keys, int64_t count, size_t stride, int64_t head_dim, uint16_t* representative) {
  for (int64_t c = 0; c < head_dim; c++) {
    float least = from_bf16(keys[c]), largest = least;
    for (int64_t i = 1; i < count; i++) {
      least = std::min(least, from_bf16(keys[size_t(i) * stride + size_t(c)]));
      largest = std::max(largest, from_bf16(keys[size_t(i) * stride + size_t(c)]));
    }
    representative[c] = to_bf16(least);
    representative[head_dim + c] = to_bf16(largest);
  }
}

}  // namespace raas
