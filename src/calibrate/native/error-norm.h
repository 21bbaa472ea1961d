#pragma once
#include <cmath>
#include "kernel.h"

namespace raas {

/**
 * ‖out − reference‖ / ‖reference‖ over a random sample of at most about `SAMPLE` of `count` values, for references that take
 * long; all of them are looked at for NaN, as which values that were never written show.
 */
class ErrorNorm {
 public:
  ErrorNorm(size_t count, Random& random) : share_(double(SAMPLE) / double(std::max<size_t>(count, 1))), random_(random) {}
  template <typename Reference>
  void add(double out, const Reference& reference) {
    if (std::isnan(out)) unwritten_ = true;
    if (share_ < 1 && std::uniform_real_distribution<double>()(random_) >= share_) return;
    const double exact = reference();
    difference_ += (out - exact) * (out - exact);
    norm_ += exact * exact;
    compared_++;
  }
  Agreement agreement() const { return {unwritten_ ? NAN : norm_ > 0 ? std::sqrt(difference_ / norm_) : difference_, compared_}; }

 private:
  static constexpr size_t SAMPLE = 16384;
  const double share_;
  Random& random_;
  double difference_ = 0, norm_ = 0;
  int64_t compared_ = 0;
  bool unwritten_ = false;
};

}  // namespace raas
