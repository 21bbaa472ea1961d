#pragma once
#include <bit>
#include "error-norm.h"
#include "random-values.h"
#include "sizes.h"

namespace raas {

/**
 * What the other kernels take for granted: each function of device.cuh and each intrinsic of a warp on random values, against
 * its plain definition. Run on a GPU it checks their assembly, run by the emulation that. Nothing to measure.
 * Shape: warps, each with values of its own. Per warp: a bf16 [16][16] (also read as four 8 x 8 matrices of 16 bits), b bf16
 * [8][16], words i32 [32]; products f32 [16][8] = a · bᵀ, sums f32 [32], results i32 [RESULTS][32].
 */
class Instructions : public Problem {
 public:
  enum Result : int {
    MATRICES,                        // of load_matrices: four registers
    TRANSPOSED = MATRICES + 4,       // of load_matrices_transposed
    SHUFFLE = TRANSPOSED + 4,        // from lane (7 · own + 3) % 32
    SHUFFLE_XOR,                     // 5
    SHUFFLE_DOWN,                    // 3
    SHUFFLE_UP,                      // 3
    BALLOT,                          // of odd words
    ANY_ALL,                         // any word odd, all words odd: bits 0 and 1
    COPIED,                          // by copy_async_16, with every other 16 bytes invalid
    FP8,                             // bits of fp8_to_float of the lowest byte
    BF16,                            // float_to_bf16 of the word as a float, 0 where that is NaN
    PACKED,                          // pack_bf16 of the word's value / 3 and of its negative
    RESULTS
  };

  explicit Instructions(const Shape& shape) : warps(size_in(shape, "warps")) {}
  std::vector<Array> arrays() const override {
    const size_t count = size_t(warps);
    return {{"a", Type::bf16, count * 256, Role::input},        {"b", Type::bf16, count * 128, Role::input},
            {"words", Type::i32, count * 32, Role::input},      {"products", Type::f32, count * 128, Role::output},
            {"sums", Type::f32, count * 32, Role::output},      {"results", Type::i32, count * RESULTS * 32, Role::output}};
  }
  Work work() const override { return {}; }
  void fill(HostArrays& arrays, Random& random) const override {
    for (const size_t i : {0, 1}) NormalValues(Type::bf16, 1, random).fill(arrays[i].data(), arrays[i].size() / 2);
    auto* const words = reinterpret_cast<uint32_t*>(arrays[2].data());
    for (int64_t i = 0; i < warps * 32; i++) words[i] = uint32_t(random());
    // A warp whose votes are all alike.
    for (int i = 0; i < 32; i++) words[i] |= 1;
  }
  Agreement compare(const HostArrays& before, const HostArrays& after, Random& random) const override {
    SampledErrorNorm products(size_t(warps) * 128, random), sums(size_t(warps) * 32, random);
    int64_t compared = 0;
    bool same = true;
    for (int64_t warp = 0; warp < warps; warp++) {
      const unsigned char *a = before[0].data() + warp * 512, *b = before[1].data() + warp * 256;
      const auto* const words = reinterpret_cast<const uint32_t*>(before[2].data()) + warp * 32;
      const auto* const product = reinterpret_cast<const float*>(after[3].data()) + warp * 128;
      for (size_t i = 0; i < 128; i++)
        products.add(product[i], [&] {
          double sum = 0;
          for (size_t k = 0; k < 16; k++) sum += double(bf16_at(a, i / 8 * 16 + k)) * bf16_at(b, i % 8 * 16 + k);
          return sum;
        });
      const auto* const results = reinterpret_cast<const uint32_t*>(after[5].data()) + warp * RESULTS * 32;
      for (int lane = 0; lane < 32; lane++) {
        sums.add(reinterpret_cast<const float*>(after[4].data())[warp * 32 + lane], [&] {
          double sum = 0;
          for (int i = 0; i < 32; i++) sum += value_of(words[i]);
          return sum;
        });
        for (int result = 0; result < RESULTS; result++, compared++) same &= results[result * 32 + lane] == expected(result, lane, a, words);
      }
    }
    return together(together(products.agreement(), sums.agreement()), {same ? 0.0 : 1.0, compared});
  }
  /** A number of a word for sums: 0 to 255. */
  static double value_of(uint32_t word) { return word >> 24; }

  const int64_t warps;

 private:
  static uint32_t expected(int result, int lane, const unsigned char* matrices, const uint32_t* words) {
    const auto half = [&](int matrix, int row, int column) {
      uint16_t bits;
      std::memcpy(&bits, matrices + 2 * (64 * matrix + 8 * row + column), 2);
      return uint32_t(bits);
    };
    const int line = lane / 4, pair = lane % 4 * 2;
    if (result < TRANSPOSED) return half(result, line, pair) | half(result, line, pair + 1) << 16;
    if (result < SHUFFLE) return half(result - TRANSPOSED, pair, line) | half(result - TRANSPOSED, pair + 1, line) << 16;
    uint32_t odd = 0;
    for (int i = 0; i < 32; i++) odd |= (words[i] & 1) << i;
    const float number = std::bit_cast<float>(words[lane]), third = float(value_of(words[lane])) / 3;
    switch (result) {
      case SHUFFLE: return words[(7 * lane + 3) % 32];
      case SHUFFLE_XOR: return words[lane ^ 5];
      case SHUFFLE_DOWN: return words[lane + 3 > 31 ? lane : lane + 3];
      case SHUFFLE_UP: return words[lane < 3 ? lane : lane - 3];
      case BALLOT: return odd;
      case ANY_ALL: return uint32_t(odd != 0) | uint32_t(odd == 0xffffffffu) << 1;
      case COPIED: return lane / 4 % 2 == 0 ? words[lane] : 0;
      case FP8: return std::isnan(from_fp8(uint8_t(words[lane]))) ? 0 : std::bit_cast<uint32_t>(from_fp8(uint8_t(words[lane])));
      case BF16: return std::isnan(number) ? 0 : to_bf16(number);
      default: return uint32_t(to_bf16(third)) | uint32_t(to_bf16(-third)) << 16;
    }
  }
};

namespace cuda { Run instructions(const Problem&); }
namespace emulated { Run instructions(const Problem&); }

}  // namespace raas
