#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

/**
 * What a kernel is to the calibration: a problem (its shape, arrays, counted work, fresh inputs and a reference in double
 * precision), solved by one function on each backend. One problem a file (NAME.h); beside it NAME.cu (CUDA, which the
 * emulation also compiles) and NAME.cpu.cc (threads and SIMD).
 */
namespace raas {

/** Sizes of a problem by name, all counts. Which names there are is the problem's own. */
using Shape = std::map<std::string, int64_t>;

/** Thrown with a sentence for the user: a shape that is not allowed, no memory, no device, a CUDA call that failed. */
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class Type { f32, bf16, fp8, i32, u8 };
constexpr size_t size_of(Type type) {
  return type == Type::f32 || type == Type::i32 ? 4 : type == Type::bf16 ? 2 : 1;
}

enum class Role {
  input,   // filled by the problem, rotated among several sets while timing
  output,  // poisoned before a check
  state,   // filled like an input and written by the kernel: compared too
  scratch  // of the kernel alone: poisoned before a check, never compared
};

struct Array {
  std::string name;
  Type type;
  size_t count;  // values
  Role role;
  int device = 0;  // where it lies: 0 the device in use, 1 the next of the machine, and so on (devices.cuh)
  size_t bytes() const { return count * size_of(type); }
};

/** Least work that a run must do: every input read once, every output written once. */
struct Work {
  double bytes = 0;
  double flops = 0;
};

/** Memory of a problem's arrays on the host, in their order. */
using HostArrays = std::vector<std::vector<unsigned char>>;

using Random = std::mt19937_64;

/** Error of what a kernel computed: ‖out − reference‖ / ‖reference‖ over `compared` values. NaN where one is not written. */
struct Agreement {
  double relative_error = 0;
  int64_t compared = 0;
};

class Problem {
 public:
  virtual ~Problem() = default;
  virtual std::vector<Array> arrays() const = 0;
  virtual Work work() const = 0;
  /** Fresh random inputs and states: realistic values, never zeros (which hide errors and run too fast). */
  virtual void fill(HostArrays& arrays, Random& random) const = 0;
  /**
   * Compares what a kernel left in `after` with a reference computed in double from `before`. Large problems compare a
   * random sample of the outputs, but look at every output for values that were never written.
   */
  virtual Agreement compare(const HostArrays& before, const HostArrays& after, Random& random) const = 0;
};

/** Where the arrays of one input set lie on the backend, in the order of Problem::arrays. */
using Pointers = std::vector<void*>;

/** Runs a problem once on a backend, asynchronously on `stream` (a cudaStream_t; nullptr elsewhere). */
using Run = std::function<void(const Pointers&, void* stream)>;

struct Kernel {
  std::string name;
  std::vector<std::string> sizes;  // names in its shape, all required
  /** Throws Error for a shape that is not allowed. */
  std::unique_ptr<Problem> (*problem)(const Shape&);
  /** What the host does in a run is what is measured (launches, graphs) or cannot be captured: never inside a CUDA graph. */
  bool whole = false;
};

}  // namespace raas
