#pragma once
#include <algorithm>
#include "kernel.h"
#include "numbers.h"

namespace raas {

/**
 * Normal values (mean 0) in a number format, at about a gigabyte a second: each is one of 4096 drawn before, picked by 12
 * fresh bits. Never all zeros, on which kernels run faster than on real data.
 */
class NormalValues {
 public:
  NormalValues(Type type, double deviation, Random& random) : width_(size_of(type)), random_(random) {
    std::normal_distribution<double> normal(0, deviation);
    for (uint32_t& bits : drawn_) {
      const float value = float(normal(random));
      if (type == Type::f32) std::memcpy(&bits, &value, 4);
      else if (type == Type::bf16) bits = to_bf16(value);
      else if (type == Type::fp8) bits = to_fp8(value);
      else throw Error("normal values are of a floating-point format");
    }
  }
  /** Fills `count` values at `to`. */
  void fill(unsigned char* to, size_t count) {
    if (width_ == 4) fill_as<uint32_t>(to, count);
    else if (width_ == 2) fill_as<uint16_t>(to, count);
    else fill_as<uint8_t>(to, count);
  }

 private:
  template <typename Bits>
  void fill_as(unsigned char* to, size_t count) {
    for (size_t i = 0; i < count;) {
      uint64_t word = random_();
      for (const size_t end = std::min(i + 5, count); i < end; i++, word >>= 12) {
        const Bits bits = Bits(drawn_[word % DRAWN]);
        std::memcpy(to + i * sizeof(Bits), &bits, sizeof(Bits));
      }
    }
  }

  static constexpr size_t DRAWN = 4096;
  uint32_t drawn_[DRAWN];
  const size_t width_;
  Random& random_;
};

}  // namespace raas
