#pragma once
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include "kernel.h"
#include "numbers.h"

/**
 * The part of CUDA that the kernels use, on the host: the threads of a block are fibers that run until a barrier, warps one
 * after the other and as far ahead as they may, in orders drawn anew for every block, so that a missing barrier shows as a
 * wrong result. Slow; for small shapes in tests.
 */
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __restrict__
#define __launch_bounds__(...)
#define __align__(n) alignas(n)
#define __shared__ static  // one block at a time
#define UNROLL
#define __ldg(address) (*(address))
#define DYNAMIC_SHARED(name) unsigned char* const name = raas::emulation::dynamic_shared()

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
struct alignas(16) float4 { float x, y, z, w; };
struct alignas(8) float2 { float x, y; };
struct alignas(16) uint4 { uint32_t x, y, z, w; };
struct alignas(8) uint2 { uint32_t x, y; };
struct alignas(16) int4 { int32_t x, y, z, w; };
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline uint4 make_uint4(uint32_t x, uint32_t y, uint32_t z, uint32_t w) { return {x, y, z, w}; }

namespace raas::emulation {

/** Runs `body` for every thread of every block; throws Error if threads wait at different barriers for ever. */
void run(dim3 grid, dim3 block, size_t shared_bytes, const std::function<void()>& body);
unsigned char* dynamic_shared();
const dim3& thread_index();
const dim3& block_index();
const dim3& block_size();
const dim3& grid_size();
void block_barrier();
/** Waits for the living lanes of the own warp. */
void warp_barrier();
/** 64 bytes that the lanes of the own warp see of lane `lane`. */
unsigned char* lane_slot(int lane);
int own_lane();
/** Asynchronous copies of 16 bytes (zeros from nullptr) land at once or when they are waited for: by chance, as they may. */
void begin_copy(void* shared, const void* global);
void close_copies();
void await_copies(int pending);

template <typename T>
T exchange(T value, int from) {
  std::memcpy(lane_slot(own_lane()), &value, sizeof(T));
  warp_barrier();
  T result;
  std::memcpy(&result, lane_slot(from), sizeof(T));
  warp_barrier();
  return result;
}

}  // namespace raas::emulation

#define threadIdx (raas::emulation::thread_index())
#define blockIdx (raas::emulation::block_index())
#define blockDim (raas::emulation::block_size())
#define gridDim (raas::emulation::grid_size())
constexpr int warpSize = 32;

inline void __syncthreads() { raas::emulation::block_barrier(); }
inline void __syncwarp(unsigned = 0xffffffffu) { raas::emulation::warp_barrier(); }
inline void __threadfence() {}
template <typename T>
T __shfl_sync(unsigned, T value, int lane, int = 32) { return raas::emulation::exchange(value, lane & 31); }
template <typename T>
T __shfl_xor_sync(unsigned, T value, int mask, int = 32) { return raas::emulation::exchange(value, raas::emulation::own_lane() ^ mask); }
template <typename T>
T __shfl_down_sync(unsigned, T value, int by, int = 32) {
  const int lane = raas::emulation::own_lane();
  return raas::emulation::exchange(value, lane + by > 31 ? lane : lane + by);
}
template <typename T>
T __shfl_up_sync(unsigned, T value, int by, int = 32) {
  const int lane = raas::emulation::own_lane();
  return raas::emulation::exchange(value, lane < by ? lane : lane - by);
}
inline unsigned __ballot_sync(unsigned, bool vote) {
  unsigned result = 0;
  for (int lane = 0; lane < 32; lane++) result |= unsigned(raas::emulation::exchange(vote, lane)) << lane;
  return result;
}
inline bool __any_sync(unsigned mask, bool vote) { return __ballot_sync(mask, vote) != 0; }
inline bool __all_sync(unsigned mask, bool vote) { return __ballot_sync(mask, !vote) == 0; }
template <typename T, typename U>
T atomicAdd(T* address, U value) { const T old = *address; *address = old + T(value); return old; }
template <typename T, typename U>
T atomicMax(T* address, U value) { const T old = *address; *address = std::max(old, T(value)); return old; }
template <typename T, typename U>
T atomicMin(T* address, U value) { const T old = *address; *address = std::min(old, T(value)); return old; }
inline int __popc(unsigned bits) { return __builtin_popcount(bits); }
inline int __clz(int bits) { return bits == 0 ? 32 : __builtin_clz(unsigned(bits)); }
inline int __ffs(int bits) { return __builtin_ffs(bits); }
inline float __expf(float x) { return std::exp(x); }
inline float __frcp_rn(float x) { return 1 / x; }
inline float rsqrtf(float x) { return 1 / std::sqrt(x); }
inline float __fdividef(float x, float y) { return x / y; }
inline float __uint_as_float(uint32_t bits) { float value; std::memcpy(&value, &bits, 4); return value; }
inline uint32_t __float_as_uint(float value) { uint32_t bits; std::memcpy(&bits, &value, 4); return bits; }
inline int __float_as_int(float value) { return int(__float_as_uint(value)); }
using std::max;
using std::min;

namespace raas::RAAS_DEVICE {

template <typename... Parameters, typename... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes, void*, Arguments... arguments) {
  emulation::run(grid, block, shared_bytes, [&] { kernel(Parameters(arguments)...); });
}
inline int multiprocessors() { return 4; }
template <typename... Parameters>
int blocks_each(void (*)(Parameters...), int, size_t) { return 2; }
inline std::shared_ptr<void> device_memory(size_t bytes) { return {std::calloc(bytes, 1), std::free}; }

inline float bf16_to_float(uint16_t bits) { return from_bf16(bits); }
inline uint16_t float_to_bf16(float value) { return to_bf16(value); }
inline uint32_t pack_bf16(float low, float high) { return uint32_t(to_bf16(low)) | uint32_t(to_bf16(high)) << 16; }
inline float fp8_to_float(uint8_t bits) { return from_fp8(bits); }
inline uint16_t pack_fp8(float low, float high) { return uint16_t(to_fp8(low) | to_fp8(high) << 8); }
inline void fp8_to_bf16(uint32_t (&pairs)[2], uint32_t four) {
  for (int i = 0; i < 2; i++, four >>= 16) pairs[i] = pack_bf16(from_fp8(uint8_t(four)), from_fp8(uint8_t(four >> 8)));
}
inline float exp2_approximate(float value) { return std::exp2(value); }
inline uint32_t transpose_matrix(uint32_t pair) {
  const int lane = emulation::own_lane();
  uint32_t result = 0;
  for (int i = 0; i < 2; i++) {
    const uint32_t other = emulation::exchange(pair, lane % 4 * 8 + 4 * i + lane / 8);
    result |= (lane / 4 % 2 == 0 ? other & 0xffff : other >> 16) << 16 * i;
  }
  return result;
}

/** Lanes' fragments as PTX ISA, "Matrix Fragments for mma.m16n8k16 with floating point type": groups of 4 lanes hold rows. */
inline void mma_16x8x16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  uint32_t own[6] = {a[0], a[1], a[2], a[3], b[0], b[1]};
  std::memcpy(emulation::lane_slot(emulation::own_lane()), own, sizeof own);
  emulation::warp_barrier();
  const auto half = [](int lane, int reg, int side) {
    uint32_t bits;
    std::memcpy(&bits, emulation::lane_slot(lane) + 4 * reg, 4);
    return from_bf16(uint16_t(side ? bits >> 16 : bits));
  };
  const int group = emulation::own_lane() / 4, within = emulation::own_lane() % 4;
  for (int i = 0; i < 4; i++) {
    const int row = group + 8 * (i / 2), column = 2 * within + i % 2;
    float sum = 0;
    for (int k = 0; k < 16; k++) {
      const float left = half(4 * (row % 8) + k % 8 / 2, row / 8 + 2 * (k / 8), k % 2);
      const float right = half(4 * column + k % 8 / 2, 4 + k / 8, k % 2);
      sum += left * right;
    }
    d[i] += sum;
  }
  emulation::warp_barrier();
}
inline void load_matrices(uint32_t (&r)[4], const void* row, bool transposed = false) {
  std::memcpy(emulation::lane_slot(emulation::own_lane()), &row, sizeof row);
  emulation::warp_barrier();
  const int lane = emulation::own_lane();
  for (int matrix = 0; matrix < 4; matrix++) {
    uint16_t pair[2];
    for (int i = 0; i < 2; i++) {
      const int line = transposed ? lane % 4 * 2 + i : lane / 4, value = transposed ? lane / 4 : lane % 4 * 2 + i;
      const uint16_t* address;
      std::memcpy(&address, emulation::lane_slot(8 * matrix + line), sizeof address);
      pair[i] = address[value];
    }
    r[matrix] = uint32_t(pair[0]) | uint32_t(pair[1]) << 16;
  }
  emulation::warp_barrier();
}
inline void load_matrices_transposed(uint32_t (&r)[4], const void* row) { load_matrices(r, row, true); }
inline void copy_async_16(void* shared, const void* global, bool valid = true) {
  emulation::begin_copy(shared, valid ? global : nullptr);
}
inline void copy_async_commit() { emulation::close_copies(); }
template <int Pending>
void copy_async_wait() { emulation::await_copies(Pending); }

}  // namespace raas::RAAS_DEVICE
