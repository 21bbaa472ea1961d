#include "device.cuh"
#include "sampling.h"

/**
 * One block a sequence. Both limits are found as the least kept logit, digit by digit (8 bits) from the top of its bits in
 * an order in which they compare as integers, so the logits are never sorted. Masses are integers, unit 2^-40 of the
 * likeliest token's, so that sums do not depend on the order of additions and draws are reproducible.
 * Up to ten passes over the logits, the first from device memory and the rest from L2 as long as it holds them: bound by
 * what one multiprocessor reads from L2, and in the first histogram by atomics on few counters.
 */
namespace raas::RAAS_DEVICE {
namespace {

using Mass = unsigned long long;

constexpr int THREADS = 1024;
constexpr int WARPS = THREADS / 32;
constexpr int DIGITS = 256;
constexpr float UNIT = 0x1p40f;

/** Bits of a float such that larger floats have larger bits. */
__device__ inline unsigned ordered(float value) {
  const unsigned bits = __float_as_uint(value);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}
/** The float of such bits; of none, 0, minus infinity. */
__device__ inline float float_of(unsigned bits) {
  return bits == 0 ? -INFINITY : __uint_as_float(bits & 0x80000000u ? bits & 0x7fffffffu : ~bits);
}
__device__ inline Mass mass_of(float logit, float most) { return Mass(__expf((logit - most) * (1 / Sampling::TEMPERATURE)) * UNIT); }

__device__ inline Mass warp_total(Mass value) {
  for (int step = 16; step > 0; step /= 2) value += __shfl_xor_sync(0xffffffffu, value, step);
  return value;
}
/** Sum over this lane and those below. */
__device__ inline Mass warp_prefix(Mass value, int lane) {
  for (int step = 1; step < 32; step *= 2) {
    const Mass below = __shfl_up_sync(0xffffffffu, value, step);
    if (lane >= step) value += below;
  }
  return value;
}

struct Shared {
  Mass amounts[DIGITS];  // by digit
  Mass parts[WARPS];
  Mass need;             // of the amounts, from the largest digit down
  float most[WARPS];
  unsigned digit;
};

/** The digit at which the amounts from the largest digit down reach `need` (0: a share of all), and what of it is left to reach there. */
__device__ void choose_digit(Shared& shared, Mass need, double share) {
  if (threadIdx.x < 32) {
    const int lane = int(threadIdx.x), top = DIGITS - 1 - 8 * lane;  // lane 0 has the largest digits
    Mass own = 0;
    for (int i = 0; i < 8; i++) own += shared.amounts[top - i];
    const Mass through = warp_prefix(own, lane), all = __shfl_sync(0xffffffffu, through, 31);
    if (need == 0) need = Mass(double(all) * share);
    if (need == 0) need = 1;
    if (need > all) need = all;
    Mass above = through - own;
    if (above < need && need <= through)
      for (int i = 0; i < 8; i++) {
        const Mass amount = shared.amounts[top - i];
        if (above + amount >= need) {
          shared.digit = unsigned(top - i);
          shared.need = need - above;
          break;
        }
        above += amount;
      }
  }
  __syncthreads();
}

/**
 * The largest ordered bits such that the amounts of all logits with as large or larger bits reach `need`, or `share` of all
 * where it is 0. `amount` is of a logit, 0 for those that do not count.
 */
template <typename Amount>
__device__ unsigned least_kept(Shared& shared, const float4* row, int quads, Mass need, double share, const Amount& amount) {
  unsigned known = 0;
  for (int shift = 24; shift >= 0; shift -= 8) {
    for (int i = int(threadIdx.x); i < DIGITS; i += THREADS) shared.amounts[i] = 0;
    __syncthreads();
    for (int i = int(threadIdx.x); i < quads; i += THREADS) {
      const float4 four = row[i];
      const float logits[4] = {four.x, four.y, four.z, four.w};
      UNROLL for (int j = 0; j < 4; j++) {
        const unsigned bits = ordered(logits[j]);
        if (shift < 24 && (bits >> (shift + 8)) != known) continue;
        const Mass own = amount(bits, logits[j]);
        if (own > 0) atomicAdd(&shared.amounts[(bits >> shift) % DIGITS], own);
      }
    }
    __syncthreads();
    choose_digit(shared, need, share);
    known = known << 8 | shared.digit;
    need = shared.need;
    __syncthreads();
  }
  return known;
}

__global__ void __launch_bounds__(THREADS, 1)
sampling_kernel(const float4* __restrict__ logits, const float* __restrict__ uniforms, int* __restrict__ tokens, float* __restrict__ least_logits,
                int quads, int top_k, int top_percent) {
  __shared__ Shared shared;
  const int thread = int(threadIdx.x), lane = thread % 32, warp = thread / 32;
  const float4* const row = logits + size_t(blockIdx.x) * quads;
  float most = -INFINITY;
  for (int i = thread; i < quads; i += THREADS) {
    const float4 four = row[i];
    most = fmaxf(most, fmaxf(fmaxf(four.x, four.y), fmaxf(four.z, four.w)));
  }
  most = warp_max(most);
  if (lane == 0) shared.most[warp] = most;
  __syncthreads();
  most = warp_max(shared.most[lane]);

  unsigned least = 0;
  if (top_k < 4 * quads) least = least_kept(shared, row, quads, Mass(top_k), 0, [](unsigned, float) { return Mass(1); });
  if (top_percent < 100) {
    const unsigned least_of_k = least;
    least = least_kept(shared, row, quads, 0, top_percent / 100.0,
                       [=](unsigned bits, float logit) { return bits >= least_of_k ? mass_of(logit, most) : Mass(0); });
  }

  if (thread == 0) least_logits[blockIdx.x] = float_of(least);

  // Each warp sums a part of the row; the one whose part holds the drawn point then looks for it there.
  const int from = int(int64_t(quads) * warp / WARPS), to = int(int64_t(quads) * (warp + 1) / WARPS);
  const auto masses = [&](int i, Mass (&own)[4]) {
    const float4 four = i < to ? row[i] : make_float4(-INFINITY, -INFINITY, -INFINITY, -INFINITY);
    const float values[4] = {four.x, four.y, four.z, four.w};
    Mass sum = 0;
    UNROLL for (int j = 0; j < 4; j++) sum += own[j] = i < to && ordered(values[j]) >= least ? mass_of(values[j], most) : 0;
    return sum;
  };
  Mass own[4], part = 0;
  for (int i = from + lane; i < to; i += 32) part += masses(i, own);
  part = warp_total(part);
  if (lane == 0) shared.parts[warp] = part;
  __syncthreads();
  const Mass through = warp_prefix(shared.parts[lane], lane), all = __shfl_sync(0xffffffffu, through, 31);
  Mass drawn = Mass(double(uniforms[blockIdx.x]) * double(all));
  if (drawn >= all) drawn = all - 1;
  Mass before = __shfl_sync(0xffffffffu, through, warp) - part;
  if (drawn < before || drawn >= before + part) return;
  for (int start = from; start < to; start += 32) {
    const Mass sum = masses(start + lane, own), up_to = before + warp_prefix(sum, lane), end = __shfl_sync(0xffffffffu, up_to, 31);
    Mass at = up_to - sum;
    if (at <= drawn && drawn < up_to)
      for (int j = 0; j < 4; j++) {
        at += own[j];
        if (drawn < at) {
          tokens[blockIdx.x] = 4 * (start + lane) + j;
          break;
        }
      }
    if (drawn < end) return;
    before = end;
  }
}

}  // namespace

Run sampling(const Problem& problem) {
  const auto& sampling = dynamic_cast<const Sampling&>(problem);
  const unsigned sequences = unsigned(sampling.sequences);
  const int quads = int(sampling.vocabulary / 4), top_k = int(sampling.top_k), top_percent = int(sampling.top_percent);
  return [=](const Pointers& arrays, void* stream) {
    launch(sampling_kernel, dim3(sequences), dim3(THREADS), 0, stream, static_cast<const float4*>(arrays[0]),
           static_cast<const float*>(arrays[1]), static_cast<int*>(arrays[2]),
           static_cast<float*>(arrays[3]), quads, top_k, top_percent);
  };
}

}  // namespace raas::RAAS_DEVICE
