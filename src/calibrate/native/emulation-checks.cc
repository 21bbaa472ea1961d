#include <cstdio>
#include "device.cuh"

/**
 * Whether the emulation finds what it is for: kernels with a mistake in their synchronisation must not pass in it, and the
 * same kernels without it must. Prints a line each; exit code 1 where one is not as it should be.
 */
namespace {

using namespace raas;
using namespace raas::emulated;

constexpr int THREADS = 96;
constexpr int BLOCKS = 4;

/** Each thread writes a word and reads its neighbour's. */
__global__ void neighbours(uint32_t* out, bool barrier) {
  __shared__ uint32_t words[THREADS];
  const unsigned thread = threadIdx.x;
  words[thread] = blockIdx.x * THREADS + thread;
  if (barrier) __syncthreads();
  out[blockIdx.x * THREADS + thread] = words[(thread + 1) % THREADS];
  __syncthreads();
}

/** Each thread brings 16 bytes and reads its own: no barrier needed, but the wait. */
__global__ void copies(uint32_t* out, const uint4* in, bool wait) {
  __shared__ uint4 chunks[THREADS];
  const unsigned thread = threadIdx.x;
  chunks[thread] = {};
  copy_async_16(&chunks[thread], in + thread);
  copy_async_commit();
  if (wait) copy_async_wait<0>();
  out[blockIdx.x * THREADS + thread] = chunks[thread].x;
}

/** Two stages of which the second is awaited too, or not: at most `Pending` groups stay under way. */
template <int Pending>
__global__ void stages(uint32_t* out, const uint4* in) {
  __shared__ uint4 chunks[2][THREADS];
  const unsigned thread = threadIdx.x;
  for (int stage = 0; stage < 2; stage++) {
    chunks[stage][thread] = {};
    copy_async_16(&chunks[stage][thread], in + thread);
    copy_async_commit();
  }
  copy_async_wait<Pending>();
  out[blockIdx.x * THREADS + thread] = chunks[0][thread].x & chunks[1][thread].x;
}

/** One thread waits for its warp while the others wait for the block. */
__global__ void deadlock(uint32_t* out) {
  if (threadIdx.x == 0) __syncwarp();
  else __syncthreads();
  out[threadIdx.x] = 0;
}

/** Threads that have ended are not waited for. */
__global__ void early_end(uint32_t* out) {
  if (threadIdx.x % 2 == 1) return;
  __syncthreads();
  out[threadIdx.x] = 0;
}

bool failed = false;
void expect(const char* what, bool found) {
  std::printf("%s: %s\n", what, found ? "yes" : "NO");
  failed |= !found;
}

}  // namespace

int main() {
  std::vector<uint32_t> out(BLOCKS * THREADS);
  std::vector<uint4> in(THREADS);
  for (uint32_t i = 0; i < THREADS; i++) in[i].x = i + 1;
  const auto right = [&](auto kernel, const auto& expected, auto... arguments) {
    std::fill(out.begin(), out.end(), 0xffffffffu);
    launch(kernel, dim3(BLOCKS), dim3(THREADS), 0, nullptr, out.data(), arguments...);
    for (uint32_t i = 0; i < out.size(); i++)
      if (out[i] != expected(i)) return false;
    return true;
  };
  const auto neighbour = [](uint32_t i) { return i / THREADS * THREADS + (i + 1) % THREADS; };
  const auto copied = [](uint32_t i) { return i % THREADS + 1; };
  expect("a kernel with its barrier is right", right(neighbours, neighbour, true));
  expect("without it, it is wrong", !right(neighbours, neighbour, false));
  expect("a copy that is awaited is right", right(copies, copied, in.data(), true));
  expect("one that is not is wrong", !right(copies, copied, in.data(), false));
  expect("two stages that are awaited are right", right(stages<0>, copied, in.data()));
  expect("with one wait too few they are wrong", !right(stages<1>, copied, in.data()));
  try {
    launch(early_end, dim3(1), dim3(THREADS), 0, nullptr, out.data());
    expect("a barrier does not wait for threads that have ended", true);
    launch(deadlock, dim3(1), dim3(THREADS), 0, nullptr, out.data());
    expect("threads that wait at different barriers are an error", false);
  } catch (const Error& error) {
    expect("threads that wait at different barriers are an error", std::string(error.what()).find("different barriers") != std::string::npos);
  }
  return failed ? 1 : 0;
}
