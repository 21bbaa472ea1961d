#pragma once
#include "kernel.h"

namespace raas {

/** Runs once over all input sets: what is timed together, so that short kernels are long enough for a clock. */
struct Laps {
  const Run& run;
  const std::vector<Pointers>& sets;  // rotated, so that caches hold nothing of a set when its turn comes
  int laps;                           // over all sets, of one figure
  size_t runs() const { return sets.size() * size_t(laps); }
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
  /** Seconds of one run, `count` times. What `whole` runs do on the host is a part of their time. */
  virtual std::vector<double> time(const Laps& laps, int count, bool whole) = 0;
};

/** The CPU: of its own kernels, and of the emulated ones, which cannot be timed. */
std::unique_ptr<Machine> cpu_machine();
/** The CUDA device in use; throws Error where the addon was built without nvcc. */
std::unique_ptr<Machine> cuda_machine();

}  // namespace raas
