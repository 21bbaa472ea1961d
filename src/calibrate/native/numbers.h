#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

/** The number formats of the arrays on the host: bfloat16 and fp8 (E4M3, finite only), rounded to nearest even. */
namespace raas {

inline float from_bf16(uint16_t bits) {
  const uint32_t wide = uint32_t(bits) << 16;
  float value;
  std::memcpy(&value, &wide, 4);
  return value;
}

inline uint16_t to_bf16(float value) {
  uint32_t wide;
  std::memcpy(&wide, &value, 4);
  if (std::isnan(value)) return uint16_t((wide >> 16) | 0x40);
  return uint16_t((wide + 0x7fff + ((wide >> 16) & 1)) >> 16);
}

/** Value i of an array of bfloat16. */
inline float bf16_at(const void* values, size_t i) {
  uint16_t bits;
  std::memcpy(&bits, static_cast<const unsigned char*>(values) + 2 * i, 2);
  return from_bf16(bits);
}

inline float from_fp8(uint8_t bits) {
  const int exponent = (bits >> 3) & 15, mantissa = bits & 7;
  if (exponent == 15 && mantissa == 7) return NAN;
  const float magnitude = exponent == 0 ? std::ldexp(float(mantissa), -9) : std::ldexp(float(8 + mantissa), exponent - 10);
  return bits & 0x80 ? -magnitude : magnitude;
}

inline uint8_t to_fp8(float value) {
  const uint8_t sign = std::signbit(value) ? 0x80 : 0;
  if (std::isnan(value)) return sign | 0x7f;
  const float magnitude = std::fmin(std::fabs(value), 448.0f);
  int exponent;
  std::frexp(magnitude, &exponent);  // magnitude = f · 2^exponent, f in [0.5, 1)
  const int step = std::fmax(exponent - 4, -9);
  const int steps = int(std::nearbyint(std::ldexp(magnitude, -step)));
  if (steps == 0) return sign;
  // Values of one exponent are 8 to 15 steps of it; below 8 there are only those of the least exponent.
  if (steps < 8) return sign | uint8_t(steps);
  const bool carry = steps == 16;
  const int field = step + 10 + (carry ? 1 : 0);
  return sign | uint8_t((field << 3) | (carry ? 0 : steps - 8));
}

}  // namespace raas
