#pragma once
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

namespace raas::cpu {

/** Indices of the `wanted` best scores, ascending, valid until the next call; of equal scores the lower index goes first. */
class BestScores {
 public:
  const std::vector<int32_t>& of(const float* scores, int64_t count, int64_t wanted) {
    indices_.resize(size_t(count));
    std::iota(indices_.begin(), indices_.end(), 0);
    if (wanted >= count) return indices_;
    const auto better = [scores](int32_t a, int32_t b) { return scores[a] > scores[b] || (scores[a] == scores[b] && a < b); };
    std::nth_element(indices_.begin(), indices_.begin() + wanted, indices_.end(), better);
    indices_.resize(size_t(wanted));
    std::sort(indices_.begin(), indices_.end());
    return indices_;
  }

 private:
  std::vector<int32_t> indices_;
};

}  // namespace raas::cpu
