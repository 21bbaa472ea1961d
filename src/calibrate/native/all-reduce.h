#pragma once
#include "error-norm.h"
#include "random-values.h"
#include "sizes.h"

namespace raas {

/**
 * Sum over devices of a bf16 array that each of them has, left on all of them: what tensor parallelism adds to a layer.
 * Shape: gpus, at least 2; bytes of the array, a multiple of 16. Least bytes that a device sends: 2 · (gpus - 1) / gpus · bytes.
 */
class AllReduce : public Problem {
 public:
  explicit AllReduce(const Shape& shape) : gpus(size_in(shape, "gpus", 2)), bytes(size_t(size_multiple(shape, "bytes", 16))) {}
  /** The inputs of all devices, then their outputs. */
  std::vector<Array> arrays() const override {
    std::vector<Array> all;
    for (const Role role : {Role::input, Role::output})
      for (int i = 0; i < int(gpus); i++) all.push_back({(role == Role::input ? "x" : "sum") + std::to_string(i), Type::bf16, bytes / 2, role, i});
    return all;
  }
  Work work() const override { return {2.0 * double(gpus - 1) / double(gpus) * double(bytes), double(gpus - 1) * double(bytes / 2)}; }
  void fill(HostArrays& arrays, Random& random) const override {
    for (size_t i = 0; i < size_t(gpus); i++) NormalValues(Type::bf16, 1, random).fill(arrays[i].data(), bytes / 2);
  }
  Agreement compare(const HostArrays& before, const HostArrays& after, Random& random) const override {
    SampledErrorNorm error(bytes / 2 * size_t(gpus), random);
    for (size_t device = 0; device < size_t(gpus); device++)
      for (size_t i = 0; i < bytes / 2; i++)
        error.add(bf16_at(after[size_t(gpus) + device].data(), i), [&] {
          double sum = 0;
          for (size_t other = 0; other < size_t(gpus); other++) sum += bf16_at(before[other].data(), i);
          return sum;
        });
    return error.agreement();
  }

  const int64_t gpus;
  const size_t bytes;
};

/** NCCL's, which has to be installed: all_reduce_implementation says which. */
namespace cuda { Run all_reduce(const Problem&); std::string all_reduce_implementation(); }

}  // namespace raas
