#pragma once
#include "sizes.h"

namespace raas {

/**
 * Empty kernels, launched one after the other: what a launch costs; on a CPU, empty parallel regions, which kernels there
 * start and end with. Shape: launches. No arrays, no bytes, no FLOPs: there is nothing to compare.
 */
class Launch : public Problem {
 public:
  explicit Launch(const Shape& shape) : launches(size_in(shape, "launches")) {}
  std::vector<Array> arrays() const override { return {}; }
  Work work() const override { return {}; }
  void fill(HostArrays&, Random&) const override {}
  Agreement compare(const HostArrays&, const HostArrays&, Random&) const override { return {}; }

  const int64_t launches;
};

namespace cuda { Run launch_empty(const Problem&); }
namespace emulated { Run launch_empty(const Problem&); }
namespace cpu { Run launch_empty(const Problem&); }

}  // namespace raas
