#include "cuda-probe.h"
#include "device.cuh"
#include "nvml.h"

namespace raas {
namespace {

std::string version(int number) { return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10); }

int attribute(cudaDeviceAttr name, int device) {
  int value = 0;
  if (cudaDeviceGetAttribute(&value, name, device) != cudaSuccess) {
    cudaGetLastError();
    return 0;
  }
  return value;
}

CudaDevice device_in_use(int devices) {
  int device = 0;
  cuda::check(cudaGetDevice(&device), "device in use");
  cudaDeviceProp properties;
  cuda::check(cudaGetDeviceProperties(&properties, device), "properties of the device");
  size_t free = 0, total = 0;
  cuda::check(cudaMemGetInfo(&free, &total), "free memory");
  char pci[32] = "";
  cuda::check(cudaDeviceGetPCIBusId(pci, sizeof pci, device), "address of the device");
  // Two transfers a clock, on all wires of the bus.
  const double clock_hz = 1e3 * attribute(cudaDevAttrMemoryClockRate, device);
  const double bus_bytes = attribute(cudaDevAttrGlobalMemoryBusWidth, device) / 8.0;
  return {properties.name, properties.major, properties.minor, total, free, size_t(properties.l2CacheSize),
          properties.multiProcessorCount, devices, 2 * clock_hz * bus_bytes, "", pci};
}

CudaProbe probe() {
  CudaProbe found{CudaState::ok, "", 0, 0, std::nullopt};
  cuda::check(cudaRuntimeGetVersion(&found.runtime_version), "version of the runtime");
  if (cudaDriverGetVersion(&found.driver_version) != cudaSuccess) found.driver_version = 0;
  if (found.driver_version == 0) {
    found.state = CudaState::no_driver;
    found.message = "this machine has no NVIDIA driver";
    return found;
  }
  int devices = 0;
  const cudaError_t code = cudaGetDeviceCount(&devices);
  if (code == cudaErrorInsufficientDriver) {
    found.state = CudaState::old_driver;
    found.message = "the NVIDIA driver is too old: it has CUDA " + version(found.driver_version) + ", the addon was built with " +
                    version(found.runtime_version);
    return found;
  }
  if (code == cudaErrorNoDevice || (code == cudaSuccess && devices == 0)) {
    found.state = CudaState::no_device;
    found.message = "the NVIDIA driver finds no device";
    return found;
  }
  cuda::check(code, "devices of this machine");
  found.device = device_in_use(devices);
  const std::string package = nvml_driver_version();
  found.device->driver = package.empty() ? "CUDA " + version(found.driver_version) : package;
  return found;
}

}  // namespace

CudaProbe probe_cuda() {
  try {
    return probe();
  } catch (const std::exception& error) {
    return {CudaState::failed, error.what(), 0, 0, std::nullopt};
  }
}

}  // namespace raas
