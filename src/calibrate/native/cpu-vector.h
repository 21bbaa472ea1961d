#pragma once
#include <cstdint>
#include <cstring>

namespace raas::cpu {

/** Floats of one SIMD register, and how many registers there are: what the tiles of matrix products are cut by. */
#if defined(__AVX512F__)
constexpr int LANES = 16, REGISTERS = 32;
#elif defined(__AVX__)
constexpr int LANES = 8, REGISTERS = 16;
#elif defined(__aarch64__)
constexpr int LANES = 4, REGISTERS = 32;
#else
constexpr int LANES = 4, REGISTERS = 16;
#endif

typedef float Vector __attribute__((vector_size(4 * LANES)));
typedef uint32_t VectorBits __attribute__((vector_size(4 * LANES)));
typedef uint16_t HalfVector __attribute__((vector_size(2 * LANES)));

inline Vector load(const float* from) {
  Vector vector;
  std::memcpy(&vector, from, sizeof vector);
  return vector;
}
inline void store(float* to, const Vector& vector) { std::memcpy(to, &vector, sizeof vector); }
inline Vector load_bf16(const uint16_t* from) {
  HalfVector halves;
  std::memcpy(&halves, from, sizeof halves);
  const VectorBits bits = __builtin_convertvector(halves, VectorBits) << 16;
  Vector vector;
  std::memcpy(&vector, &bits, sizeof vector);
  return vector;
}
inline float sum_of(const Vector& vector) {
  float sum = 0;
  for (int i = 0; i < LANES; i++) sum += vector[i];
  return sum;
}

}  // namespace raas::cpu
