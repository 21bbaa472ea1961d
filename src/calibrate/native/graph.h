#pragma once
#include "sizes.h"

namespace raas {

/**
 * One replay of a CUDA graph of empty kernels, each after the one before, as the layers of a model are: what a node costs.
 * Shape: nodes. No arrays, no bytes, no FLOPs; what is checked is that the graph has that many nodes.
 */
class Graph : public Problem {
 public:
  explicit Graph(const Shape& shape) : nodes(size_in(shape, "nodes")) {}
  std::vector<Array> arrays() const override { return {}; }
  Work work() const override { return {}; }
  void fill(HostArrays&, Random&) const override {}
  Agreement compare(const HostArrays&, const HostArrays&, Random&) const override { return {}; }

  const int64_t nodes;
};

namespace cuda { Run graph(const Problem&); }

}  // namespace raas
