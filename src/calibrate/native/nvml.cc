#include "nvml.h"
#include <dlfcn.h>
#include <cmath>
#include "cuda-probe.h"

namespace raas {
namespace {

/**
 * NVML comes with the driver, so it is opened at run time and its few functions are declared here (nvml.h of CUDA 13):
 * all return 0 for success. Only reads.
 */
struct Nvml {
  using Device = void*;
  int (*init)() = nullptr;
  int (*driver_version)(char*, unsigned) = nullptr;
  int (*device)(const char* pci, Device*) = nullptr;
  int (*clock)(Device, int which, unsigned* megahertz) = nullptr;
  int (*temperature)(Device, int sensor, unsigned* celsius) = nullptr;
  int (*power)(Device, unsigned* milliwatts) = nullptr;
  bool usable = false;

  Nvml() {
    void* const library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return;
    const auto find = [&](auto& function, const char* name) {
      function = reinterpret_cast<std::decay_t<decltype(function)>>(dlsym(library, name));
      return function != nullptr;
    };
    usable = find(init, "nvmlInit_v2") && find(driver_version, "nvmlSystemGetDriverVersion") &&
             find(device, "nvmlDeviceGetHandleByPciBusId_v2") && find(clock, "nvmlDeviceGetClockInfo") &&
             find(temperature, "nvmlDeviceGetTemperature") && find(power, "nvmlDeviceGetPowerUsage") && init() == 0;
  }
};

const Nvml& nvml() {
  static const Nvml library;
  return library;
}

constexpr int CLOCK_SM = 1, CLOCK_MEMORY = 2, TEMPERATURE_GPU = 0;

}  // namespace

std::string nvml_driver_version() {
  char text[96] = "";
  return nvml().usable && nvml().driver_version(text, sizeof text) == 0 ? text : "";
}

std::optional<Conditions> conditions(const std::string& pci) {
  Nvml::Device device = nullptr;
  if (!nvml().usable || nvml().device(pci.c_str(), &device) != 0) return std::nullopt;
  const auto read = [](double scale, auto&& function) {
    unsigned value = 0;
    return function(&value) == 0 ? scale * value : NAN;
  };
  return Conditions{read(1e6, [&](unsigned* at) { return nvml().clock(device, CLOCK_SM, at); }),
                    read(1e6, [&](unsigned* at) { return nvml().clock(device, CLOCK_MEMORY, at); }),
                    read(1, [&](unsigned* at) { return nvml().temperature(device, TEMPERATURE_GPU, at); }),
                    read(1e-3, [&](unsigned* at) { return nvml().power(device, at); })};
}

}  // namespace raas
