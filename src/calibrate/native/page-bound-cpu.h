#pragma once
#include <algorithm>
#include <cstdint>
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

/** Σ row · factors; 32 partial sums, since a compiler may not reorder a single one into vectors. `count`: a multiple of 32. */
inline float dot(const uint16_t* row, const float* factors, int64_t count) {
  constexpr int64_t WIDTH = 32;
  float sums[WIDTH] = {};
  for (int64_t i = 0; i < count; i += WIDTH)
    for (int64_t j = 0; j < WIDTH; j++) sums[j] += from_bf16(row[i + j]) * factors[i + j];
  for (int64_t width = WIDTH / 2; width > 0; width /= 2)
    for (int64_t j = 0; j < width; j++) sums[j] += sums[j + width];
  return sums[0];
}

}  // namespace raas::cpu
