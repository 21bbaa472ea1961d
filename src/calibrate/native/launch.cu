#include "device.cuh"
#include "launch.h"

namespace raas::RAAS_DEVICE {
namespace {

__global__ void empty_kernel() {}

}  // namespace

Run launch_empty(const Problem& problem) {
  const int64_t launches = dynamic_cast<const Launch&>(problem).launches;
  return [=](const Pointers&, void* stream) {
    for (int64_t i = 0; i < launches; i++) launch(empty_kernel, dim3(1), dim3(32), 0, stream);
  };
}

}  // namespace raas::RAAS_DEVICE
