#pragma once
#include "error-norm.h"
#include "paged-kv.h"

namespace raas {

/**
 * Writes K and V of a batch's new tokens, the last of each sequence, into their slots in pages; fp8 divides by the scales and
 * rounds. Shape: sequences, tokens (new, of each sequence), context (cached before them, 0 or more; the mean where ragged),
 * kvHeads, headDim (a multiple of 8), kvFormat, scattered, ragged (PagedKv says what these are).
 * newK and newV: [sequences][tokens][kvHeads][headDim] bf16. slots i32 [sequences][tokens]: of each token, counted over all pages.
 * Bytes moved: newK and newV read, as many values written in the format of the cache; slots. FLOPs: none counted.
 */
class KvAppend : public Problem {
 public:
  explicit KvAppend(const Shape& shape) : tokens(size_in(shape, "tokens")), kv(shape, size_in(shape, "context", 0), tokens) {
    size_multiple(shape, "headDim", 8);
    if (kv.pages * PAGE_TOKENS > INT32_MAX) throw Error(std::to_string(kv.pages) + " pages of KV are not allowed; expected slots below 2^31");
  }

  enum : size_t { NEW_K, NEW_V, SLOTS, K, V, SCALES, TABLE, LENGTHS };

  std::vector<Array> arrays() const override {
    std::vector<Array> list = {{"newK", Type::bf16, values(), Role::input}, {"newV", Type::bf16, values(), Role::input}, {"slots", Type::i32, count(), Role::input}};
    for (const Array& array : kv.arrays(Role::state)) list.push_back(array);
    return list;
  }
  Work work() const override { return {2 * double(values()) * double(2 + kv.size_of_format()) + 4 * double(count()), 0}; }
  void fill(HostArrays& arrays, Random& random) const override {
    for (const size_t array : {NEW_K, NEW_V}) NormalValues(Type::bf16, 1, random).fill(arrays[array].data(), values());
    kv.fill(arrays, K, random);
    const PagedKvReader reader(kv, arrays, K);
    auto* const slots = reinterpret_cast<int32_t*>(arrays[SLOTS].data());
    for (int64_t i = 0; i < int64_t(count()); i++)
      slots[i] = int32_t(reader.slot(i / tokens, reader.length(i / tokens) - tokens + i % tokens));
  }
  /** The new values by their error; where anything else in the pages has changed, NaN. */
  Agreement compare(const HostArrays& before, const HostArrays& after, Random&) const override {
    const auto* const slots = reinterpret_cast<const int32_t*>(before[SLOTS].data());
    const auto* const scales = reinterpret_cast<const float*>(before[SCALES].data());
    const size_t token_bytes = kv.token_values() * kv.size_of_format();
    ErrorNorm error;
    for (const size_t part : {size_t(0), size_t(1)}) {
      const auto* const fresh = reinterpret_cast<const uint16_t*>(before[NEW_K + part].data());
      std::vector<unsigned char> rest = after[K + part];
      for (size_t i = 0; i < count(); i++) {
        const size_t at = size_t(slots[i]) * token_bytes;
        for (size_t j = 0; j < kv.token_values(); j++) {
          const float value = from_bf16(fresh[i * kv.token_values() + j]);
          if (kv.format == Type::fp8) {
            error.add(from_fp8(rest[at + j]), from_fp8(to_fp8(float(double(value) / double(scales[part])))));
          } else {
            uint16_t bits;
            std::memcpy(&bits, &rest[at + 2 * j], 2);
            error.add(from_bf16(bits), value);
          }
        }
        std::copy_n(before[K + part].begin() + std::ptrdiff_t(at), token_bytes, rest.begin() + std::ptrdiff_t(at));
      }
      if (rest != before[K + part]) return {NAN, 0};
    }
    return error.agreement();
  }

  const int64_t tokens;
  const PagedKv kv;

  /** New tokens of all sequences. */
  size_t count() const { return size_t(kv.sequences * tokens); }

 private:
  size_t values() const { return count() * kv.token_values(); }
};

namespace cuda { Run kv_append(const Problem&); }
namespace emulated { Run kv_append(const Problem&); }
namespace cpu { Run kv_append(const Problem&); }

}  // namespace raas
