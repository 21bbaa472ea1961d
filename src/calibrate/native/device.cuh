#pragma once
#include <cstdint>
#include "kernel.h"

/**
 * What the CUDA kernels use of CUDA, once for nvcc and once for the emulation, in which a C++ compiler builds the same
 * .cu files so that their arithmetic and their barriers are tested on machines without a GPU.
 * bfloat16 and fp8 travel as their bits; tensor-core products and asynchronous copies go through the functions below.
 */
#ifdef RAAS_EMULATED
#define RAAS_DEVICE emulated
#include "emulation.h"
#else
#define RAAS_DEVICE cuda
#include <cuda_fp8.h>
#include <cuda_runtime.h>

namespace raas::RAAS_DEVICE {

inline void check(cudaError_t code, const char* what) {
  if (code != cudaSuccess) throw Error(std::string(what) + ": " + cudaGetErrorString(code));
}

/** Starts a kernel on a stream; `shared_bytes` is its dynamic shared memory, checked against the device. */
template <typename... Parameters, typename... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes, void* stream, Arguments... arguments) {
  if (shared_bytes > 48 * 1024)
    check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, int(shared_bytes)), "shared memory of a kernel");
  kernel<<<grid, block, shared_bytes, static_cast<cudaStream_t>(stream)>>>(Parameters(arguments)...);
  check(cudaGetLastError(), "launch of a kernel");
}

/** Streaming multiprocessors of the device in use: what grids are sized by. */
inline int multiprocessors() {
  int device = 0, count = 0;
  check(cudaGetDevice(&device), "device in use");
  check(cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, device), "number of multiprocessors");
  return count;
}

/** Blocks of a kernel that a multiprocessor holds at once; throws where it cannot hold one. */
template <typename... Parameters>
int blocks_each(void (*kernel)(Parameters...), int threads, size_t shared_bytes) {
  int blocks = 0;
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, int(shared_bytes)), "shared memory of a kernel");
  check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel, threads, shared_bytes), "occupancy of a kernel");
  if (blocks == 0) throw Error("a kernel needs " + std::to_string(shared_bytes) + " bytes of shared memory; the device has less");
  return blocks;
}

/** Zeroed memory of the device in use, for what a kernel keeps between runs. Freed with its last owner. */
inline std::shared_ptr<void> device_memory(size_t bytes) {
  void* address = nullptr;
  check(cudaMalloc(&address, bytes), "memory of a kernel");
  std::shared_ptr<void> owned(address, cudaFree);
  check(cudaMemset(address, 0, bytes), "zeros in memory of a kernel");
  return owned;
}

#define UNROLL _Pragma("unroll")
#define DYNAMIC_SHARED(name) extern __shared__ __align__(128) unsigned char name[]

__device__ inline float bf16_to_float(uint16_t bits) { return __uint_as_float(uint32_t(bits) << 16); }
__device__ inline uint16_t float_to_bf16(float value) {
  uint16_t bits;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
}
/** Two values in one register, the first in its low half. */
__device__ inline uint32_t pack_bf16(float low, float high) {
  uint32_t bits;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
  return bits;
}
__device__ inline float fp8_to_float(uint8_t bits) {
  const __half_raw half = __nv_cvt_fp8_to_halfraw(bits, __NV_E4M3);
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(half.x));
  return value;
}
/** Two values in fp8, the first in the low byte; what is too large becomes the largest. */
__device__ inline uint16_t pack_fp8(float low, float high) { return __nv_cvt_float2_to_fp8x2(make_float2(low, high), __NV_SATFINITE, __NV_E4M3); }
/** Four finite values, the first in the low byte, as two pairs: bits moved to where bfloat16 has them are 2^-120 too small. */
__device__ inline void fp8_to_bf16(uint32_t (&pairs)[2], uint32_t four) {
  for (int i = 0; i < 2; i++) {
    const uint32_t bytes = __byte_perm(four, 0, i == 0 ? 0x1404 : 0x3424);
    const uint32_t bits = (bytes & 0x80008000u) | (bytes & 0x7f007f00u) >> 4;
    asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(pairs[i]) : "r"(bits), "r"(0x7b807b80u), "r"(0x80008000u));
  }
}
/** 2^value to about 2^-22, zero below 2^-126. */
__device__ inline float exp2_approximate(float value) {
  float power;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(power) : "f"(value));
  return power;
}
/** The 8 x 8 matrix of 16-bit values that a warp holds, a row in 4 lanes and 2 values in each, transposed. */
__device__ inline uint32_t transpose_matrix(uint32_t pair) {
  uint32_t result;
  asm volatile("movmatrix.sync.aligned.m8n8.trans.b16 %0, %1;" : "=r"(result) : "r"(pair));
  return result;
}

/** d += a · b of one warp: a 16 x 16, b 16 x 8, bfloat16; fragments as PTX mma.m16n8k16 lays them out. */
__device__ inline void mma_16x8x16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
/** Four 8 x 8 matrices of 16-bit values out of shared memory: lane i gives the address of row i % 8 of matrix i / 8. */
__device__ inline void load_matrices(uint32_t (&r)[4], const void* row) {
  const uint32_t address = uint32_t(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(address) : "memory");
}
__device__ inline void load_matrices_transposed(uint32_t (&r)[4], const void* row) {
  const uint32_t address = uint32_t(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(address) : "memory");
}
/** Copies 16 bytes to shared memory in the background; nothing is read and zeros are written where `valid` is false. */
__device__ inline void copy_async_16(void* shared, const void* global, bool valid = true) {
  const uint32_t address = uint32_t(__cvta_generic_to_shared(shared));
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(address), "l"(global), "r"(valid ? 16 : 0) : "memory");
}
__device__ inline void copy_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
/** Waits until at most `Pending` of the groups committed last are still under way. */
template <int Pending>
__device__ inline void copy_async_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(Pending) : "memory");
}

}  // namespace raas::RAAS_DEVICE
#endif

namespace raas::RAAS_DEVICE {

__device__ inline float warp_sum(float value) {
  for (int step = 16; step > 0; step /= 2) value += __shfl_xor_sync(0xffffffffu, value, step);
  return value;
}
__device__ inline float warp_max(float value) {
  for (int step = 16; step > 0; step /= 2) value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, step));
  return value;
}

}  // namespace raas::RAAS_DEVICE
