#pragma once
#include <algorithm>
#include <cmath>
#include "kernel.h"

namespace raas {

/** Draws which of `count` values or rows are compared, if a reference takes too long for all: one of each of `most` stretches. */
class Sample {
 public:
  Sample(size_t most, size_t count, Random& random) : stretch_(double(count) / double(most)), random_(random) { draw(); }
  bool takes_next() {
    const bool taken = stretch_ <= 1 || next_ == drawn_;
    next_++;
    if (taken) draw();
    return taken;
  }

 private:
  void draw() { drawn_ = std::max(next_, int64_t((double(stretches_++) + std::uniform_real_distribution<double>()(random_)) * stretch_)); }

  const double stretch_;
  Random& random_;
  int64_t next_ = 0, drawn_ = 0, stretches_ = 0;
};

/** ‖out − reference‖ / ‖reference‖ as values come; NaN once one of them is, as values that were never written are. */
class ErrorNorm {
 public:
  /** A value that is not compared, but must have been written. */
  void look_at(double out) { unwritten_ |= std::isnan(out); }
  void add(double out, double exact) {
    look_at(out);
    difference_ += (out - exact) * (out - exact);
    norm_ += exact * exact;
    compared_++;
  }
  Agreement agreement() const { return {unwritten_ ? NAN : difference_ == 0 ? 0 : std::sqrt(difference_ / norm_), compared_}; }

 private:
  double difference_ = 0, norm_ = 0;
  int64_t compared_ = 0;
  bool unwritten_ = false;
};

/** The same over a sample of `count` values; `reference()` is called for these only. */
class SampledErrorNorm {
 public:
  SampledErrorNorm(size_t count, Random& random) : sample_(SAMPLE, count, random) {}
  template <typename Reference>
  void add(double out, const Reference& reference) {
    if (sample_.takes_next()) error_.add(out, reference());
    else error_.look_at(out);
  }
  Agreement agreement() const { return error_.agreement(); }

 private:
  static constexpr size_t SAMPLE = 16384;
  Sample sample_;
  ErrorNorm error_;
};

/** Two kinds of output under one figure: the larger error, NaN if either is. */
inline Agreement together(const Agreement& a, const Agreement& b) {
  const bool unwritten = std::isnan(a.relative_error) || std::isnan(b.relative_error);
  return {unwritten ? NAN : std::max(a.relative_error, b.relative_error), a.compared + b.compared};
}

}  // namespace raas
