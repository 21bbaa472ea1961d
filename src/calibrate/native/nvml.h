#pragma once
#include <string>

namespace raas {

/** Version of NVIDIA's driver package, "580.65.06"; empty where the machine has no NVML. */
std::string nvml_driver_version();

}  // namespace raas
