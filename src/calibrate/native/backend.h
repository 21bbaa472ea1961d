#pragma once
#include "kernel.h"

namespace raas {

/** What is timed together: `runs` runs, each on the next of the input sets, so that caches hold nothing of it. */
struct Figure {
  const Run& run;
  const std::vector<Pointers>& sets;
  int runs;    // so many that the figure is long enough for a clock
  bool whole;  // see Kernel
};

/** Memory and clock of a machine part that runs kernels. All throw Error; nothing of it may be used by two threads at once. */
class Machine {
 public:
  virtual ~Machine() = default;
  virtual size_t free_bytes(int device) = 0;
  /** Aligned to 256 bytes; `device` as Array::device has it. */
  virtual void* allocate(size_t bytes, int device) = 0;
  virtual void release(void* memory) noexcept = 0;
  virtual void write(void* to, const void* from, size_t bytes) = 0;
  virtual void read(void* to, const void* from, size_t bytes) = 0;
  /** Runs a problem and waits for its end. */
  virtual void run(const Run& run, const Pointers& set) = 0;
  /** Seconds of one run: `count` figures, each the mean over its runs. */
  virtual std::vector<double> time(const Figure& figure, int count) = 0;
};

/** The CPU: of its own kernels, and of the emulated ones, which cannot be timed. */
std::unique_ptr<Machine> cpu_machine();
/** The CUDA device in use; throws Error where the addon was built without nvcc. */
std::unique_ptr<Machine> cuda_machine();

}  // namespace raas
