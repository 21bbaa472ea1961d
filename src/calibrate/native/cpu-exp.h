#pragma once
#include <cstdint>
#include <cstring>

namespace raas::cpu {

/**
 * e^x to about 2 units in the last place, in operations that a compiler turns into SIMD inside a loop (the library's is a
 * call). Below -87 it is e^-87, above 88 e^88; NaN is not kept.
 */
inline float exp_of(float x) {
  x = x < -87.0f ? -87.0f : x;
  x = x > 88.0f ? 88.0f : x;
  constexpr float ROUND = 12582912.0f;  // 1.5 · 2^23: adding it rounds to an integer, which is then in its low bits
  const float shifted = x * 1.44269504f + ROUND;
  const float whole = shifted - ROUND;
  const float rest = (x - whole * 0.693145752f) - whole * 1.42860677e-6f;  // ln 2 in two parts
  float series = 1.0f / 720;
  series = series * rest + 1.0f / 120;
  series = series * rest + 1.0f / 24;
  series = series * rest + 1.0f / 6;
  series = series * rest + 0.5f;
  series = series * rest + 1.0f;
  series = series * rest + 1.0f;
  uint32_t bits;
  std::memcpy(&bits, &shifted, 4);
  bits = (bits + 127) << 23;
  float power;
  std::memcpy(&power, &bits, 4);
  return series * power;
}

}  // namespace raas::cpu
