#include <cstring>
#include "kv-append.h"
#include "threads.h"

namespace raas::cpu {
namespace {

/** to_fp8 of numbers, in operations that a compiler turns into SIMD inside a loop. */
inline uint8_t narrow_to_fp8(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  const uint32_t sign = bits >> 24 & 0x80;
  bits &= 0x7fffffff;
  float magnitude;
  std::memcpy(&magnitude, &bits, 4);
  magnitude = magnitude > 448.0f ? 448.0f : magnitude;
  std::memcpy(&bits, &magnitude, 4);
  const uint32_t normal = ((bits + 0x7ffff + (bits >> 20 & 1)) >> 20) - (120 << 3);
  const float shifted = magnitude + 16384.0f;  // 2^14, whose last place is 2^-9, the step of the least exponent
  uint32_t steps;
  std::memcpy(&steps, &shifted, 4);
  return uint8_t(sign | (magnitude < 0.015625f ? steps & 15 : normal));
}

}  // namespace

Run kv_append(const Problem& problem) {
  const auto& p = dynamic_cast<const KvAppend&>(problem);
  const size_t values = p.kv.token_values(), token_bytes = values * p.kv.size_of_format(), count = p.count();
  const bool fp8 = p.kv.format == Type::fp8;
  return [=](const Pointers& arrays, void*) {
    const auto* const slots = static_cast<const int32_t*>(arrays[KvAppend::SLOTS]);
    const auto* const scales = static_cast<const float*>(arrays[KvAppend::SCALES]);
    parallel(count, 1, [&](size_t from, size_t to) {
      for (size_t part = 0; part < 2; part++)
        for (size_t token = from; token < to; token++) {
          const auto* const fresh = static_cast<const uint16_t*>(arrays[KvAppend::NEW_K + part]) + token * values;
          auto* const slot = static_cast<unsigned char*>(arrays[KvAppend::K + part]) + size_t(slots[token]) * token_bytes;
          const float factor = 1 / scales[part];
          if (!fp8) std::memcpy(slot, fresh, token_bytes);
          else
            for (size_t i = 0; i < values; i++) slot[i] = narrow_to_fp8(from_bf16(fresh[i]) * factor);
        }
    });
  };
}

}  // namespace raas::cpu
