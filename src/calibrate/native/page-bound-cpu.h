#pragma once
#include <algorithm>
#include "cpu-vector.h"
#include "numbers.h"

/** Quest's bound of pages on a CPU: see page_bound in page-representatives.h. */
namespace raas::cpu {

constexpr int64_t SCORED_PAGES = 64;  // a thread scores so many of a head at once: 32 KB

inline void fold_queries(const uint16_t* q, int64_t group, int64_t head_dim, float* folded) {
  std::fill_n(folded, 2 * head_dim, 0.0f);
  for (int64_t head = 0; head < group; head++)
    for (int64_t c = 0; c < head_dim; c++) {
      const float value = from_bf16(q[head * head_dim + c]) / float(group);
      folded[c] += std::min(value, 0.0f);
      folded[head_dim + c] += std::max(value, 0.0f);
    }
}

/** Σ row · factors; `count`: a multiple of 64. */
inline float dot(const uint16_t* row, const float* factors, int64_t count) {
  Vector sums[4] = {};
  for (int64_t i = 0; i < count; i += 4 * LANES)
    for (int64_t j = 0; j < 4; j++) sums[j] += load_bf16(row + i + j * LANES) * load(factors + i + j * LANES);
  return sum_of((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

}  // namespace raas::cpu
