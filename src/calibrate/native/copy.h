#pragma once
#include "kernel.h"

namespace raas {

/**
 * A copy within device memory: the bandwidth that every kernel bound by memory is held against.
 * Shape: bytes (a multiple of 16). Bytes moved: 2 · bytes. FLOPs: none.
 */
class Copy : public Problem {
 public:
  explicit Copy(const Shape& shape) : bytes(size_t(shape.at("bytes"))) {
    if (bytes % 16 != 0) throw Error("copy bytes " + std::to_string(bytes) + " is not allowed; expected a multiple of 16");
  }
  std::vector<Array> arrays() const override {
    return {{"from", Type::u8, bytes, Role::input}, {"to", Type::u8, bytes, Role::output}};
  }
  Work work() const override { return {2.0 * double(bytes), 0}; }
  void fill(HostArrays& arrays, Random& random) const override {
    for (size_t i = 0; i + 8 <= bytes; i += 8) {
      const uint64_t word = random();
      std::copy_n(reinterpret_cast<const unsigned char*>(&word), 8, &arrays[0][i]);
    }
  }
  Agreement compare(const HostArrays& before, const HostArrays& after, Random&) const override {
    return {after[1] == before[0] ? 0.0 : 1.0, int64_t(bytes)};
  }

  const size_t bytes;
};

namespace cuda { Run copy(const Problem&); }
namespace emulated { Run copy(const Problem&); }
namespace cpu { Run copy(const Problem&); }

}  // namespace raas
