#pragma once
#include "device.cuh"

/** The devices of a machine, for the kernels that work between them. */
namespace raas::cuda {

/** CUDA's number of the device that lies `step` after the one in use; throws where the machine has too few. */
inline int device_after(int step) {
  int used = 0, count = 0;
  check(cudaGetDeviceCount(&count), "number of devices");
  check(cudaGetDevice(&used), "device in use");
  if (step >= count) throw Error("needs " + std::to_string(step + 1) + " devices; this machine has " + std::to_string(count));
  return (used + step) % count;
}

/** Makes a device the one in use until the end of the scope. */
class OnDevice {
 public:
  explicit OnDevice(int device) {
    check(cudaGetDevice(&before_), "device in use");
    check(cudaSetDevice(device), "change of the device in use");
  }
  ~OnDevice() { cudaSetDevice(before_); }
  OnDevice(const OnDevice&) = delete;
  OnDevice& operator=(const OnDevice&) = delete;

 private:
  int before_ = 0;
};

}  // namespace raas::cuda
