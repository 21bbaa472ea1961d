#pragma once
#include "kernel.h"

namespace raas {

enum class Backend { cuda, cpu, emulated };

struct Entry {
  Kernel kernel;
  Run (*cuda)(const Problem&);      // nullptr where the addon was built without nvcc
  Run (*emulated)(const Problem&);  // the same source by a C++ compiler, for checks only
  Run (*cpu)(const Problem&);       // nullptr where a CPU has nothing to measure
  /** Whose code the CUDA backend runs and its version, where that may be a library's; nullptr: always our own. */
  std::string (*implementation)() = nullptr;
};

/** All kernels, in the order in which a calibration measures them. */
const std::vector<Entry>& kernels();

}  // namespace raas
