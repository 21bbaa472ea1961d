#pragma once
#include <cstddef>
#include <optional>
#include <string>

/** What of CUDA there is on this machine. */
namespace raas {

/** In words: "ok", "not built", "no driver", "driver too old", "no device"; else the trouble. */
enum class CudaState { ok, not_built, no_driver, old_driver, no_device, failed };

struct CudaDevice {
  std::string name;
  int major, minor;  // compute capability
  size_t memory_bytes, free_bytes, l2_bytes;
  int multiprocessors, devices;            // devices: of the machine
  double bandwidth_bytes_per_second;       // of the memory's clock and width; 0 where the driver does not say
  std::string driver, pci;                 // driver: of NVIDIA's package where NVML says it, else the CUDA version it has
};

struct CudaProbe {
  CudaState state;
  std::string message;                 // for people, where the state is not ok
  int driver_version, runtime_version; // of CUDA, 13000 for 13.0; 0: none
  std::optional<CudaDevice> device;    // the one in use
};

CudaProbe probe_cuda();

/** How a device is while it works; what NVML does not say is NaN. */
struct Conditions {
  double sm_clock_hz, memory_clock_hz, temperature_c, power_w;
};

/** Of the device at a PCI address. Nothing where the machine has no NVML. */
std::optional<Conditions> conditions(const std::string& pci);

}  // namespace raas
