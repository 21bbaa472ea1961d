#pragma once
#include "random-values.h"
#include "sizes.h"

namespace raas {

/**
 * A copy from the memory of one device to that of the next, directly where the machine allows it: the link between them.
 * Shape: bytes (a multiple of 8). Bytes moved over the link: bytes, counted once. FLOPs: none.
 */
class PeerCopy : public Problem {
 public:
  explicit PeerCopy(const Shape& shape) : bytes(size_t(size_multiple(shape, "bytes", 8))) {}
  std::vector<Array> arrays() const override {
    return {{"from", Type::u8, bytes, Role::input}, {"to", Type::u8, bytes, Role::output, 1}};
  }
  Work work() const override { return {double(bytes), 0}; }
  void fill(HostArrays& arrays, Random& random) const override { NormalValues(Type::f32, 1, random).fill(arrays[0].data(), bytes / 4); }
  Agreement compare(const HostArrays& before, const HostArrays& after, Random&) const override {
    return {after[1] == before[0] ? 0.0 : 1.0, int64_t(bytes)};
  }

  const size_t bytes;
};

namespace cuda { Run peer_copy(const Problem&); }

}  // namespace raas
