#pragma once
#include <algorithm>
#include "attention-parts.h"
#include "device.cuh"

/** How blocks share an attention out among each other, and put their softmaxes together in the end. */
namespace raas::RAAS_DEVICE {

constexpr int TOKENS = int(PAGE_TOKENS);
constexpr int ATTENTION_WARPS = 4, ATTENTION_THREADS = 32 * ATTENTION_WARPS;
/**
 * Pages of a warp under way or in use, and blocks that a multiprocessor of an H100 holds at once: 12 warps have one or two
 * pages of 8 KB each on their way, where about 40 KB a multiprocessor keep its memory busy. A third stage would take as
 * much shared memory as the third block, which computes while others wait, and would not fit on Ada.
 */
constexpr int STAGES = 2, ATTENTION_BLOCKS = 3;

/** Softmaxes over parts of a list, until the last block of a pair of sequence and KV head puts them together. */
struct Parts {
  float* sums;       // [pairs][parts][group][headDim]
  float2* totals;    // [pairs][parts][group]: peak of the logits (log 2), total of the weights
  int32_t* tickets;  // [pairs]: blocks that are done; zero before and after a run
};
inline Parts parts_at(const Pointers& arrays, size_t first) {
  return {static_cast<float*>(arrays[first]), static_cast<float2*>(arrays[first + 1]), static_cast<int32_t*>(arrays[first + 2])};
}

/** True in the block that is the last of `parties` to get here, which then sees what the others wrote. */
__device__ inline bool is_last(int32_t* ticket, int parties) {
  __shared__ bool last;
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) {
    last = atomicAdd(ticket, 1) == parties - 1;
    if (last) *ticket = 0;
  }
  __syncthreads();
  if (last) __threadfence();
  return last;
}

/** Softmaxes over parts, weighted by how far their peaks lie below the highest, become one. */
struct Together {
  float peak, total = 0;
  float4 sums = {0, 0, 0, 0};
  __device__ explicit Together(float peak) : peak(peak) {}
  __device__ void add(const float2& part, const float4& own) {  // its peak and total; some of its sums
    const float weight = exp2_approximate(part.x - peak);
    total += weight * part.y;
    sums.x += weight * own.x;
    sums.y += weight * own.y;
    sums.z += weight * own.z;
    sums.w += weight * own.w;
  }
  __device__ void write(uint16_t* out) const {
    const float factor = 1 / total;
    *reinterpret_cast<uint2*>(out) = {pack_bf16(sums.x * factor, sums.y * factor), pack_bf16(sums.z * factor, sums.w * factor)};
  }
};

/** The place of a block in a pair's attention: part `part` of `count`; `parties` blocks get to its end, `count` with pages. */
struct Place {
  size_t pair;
  int part, count, parties, most;
};

/**
 * The end of a block, each warp's share in shared memory, `stride` floats apart: puts the warps' shares together and, in
 * the last block of its pair, the parts, which become `out` [group][headDim]. `total(head, {peak, total})` is then told
 * each head's denominator. `meanwhile()` is called in the last block while it waits for the parts, and may fill shared memory
 * behind the first `place.most · group` float2; a barrier follows. Returns whether this block was the last.
 */
template <int HEAD_DIM, typename Total, typename Meanwhile>
__device__ inline bool finish(float* shares, int stride, const Parts& parts, const Place& place, int group, uint16_t* out, const Total& total,
                              const Meanwhile& meanwhile) {
  constexpr int AT_ONCE = 20;  // parts that a thread asks for before it waits: the 17 of 65 pages of 4 warps at once
  const int items = group * HEAD_DIM / 4, first = int(threadIdx.x);
  auto* const sums = reinterpret_cast<float4*>(parts.sums + place.pair * place.most * group * HEAD_DIM);
  float2* const totals = parts.totals + place.pair * place.most * group;
  __syncthreads();
  if (place.part < place.count)
    for (int i = first; i < items; i += ATTENTION_THREADS) {
      const int head = 4 * i / HEAD_DIM;
      const float* const peaks = shares + 16 * HEAD_DIM + head;
      float peak = peaks[0];
      for (int w = 1; w < ATTENTION_WARPS; w++) peak = fmaxf(peak, peaks[w * stride]);
      Together all(peak);
      for (int w = 0; w < ATTENTION_WARPS; w++)
        all.add(float2{peaks[w * stride], peaks[w * stride + 16]}, *reinterpret_cast<const float4*>(shares + w * stride + 4 * i));
      const bool speaks = 4 * i % HEAD_DIM == 0;  // for its head
      if (place.parties == 1) {
        all.write(out + 4 * i);
        if (speaks) total(head, float2{peak, all.total});
      } else {
        sums[place.part * items + i] = all.sums;
        if (speaks) totals[place.part * group + head] = {peak, all.total};
      }
    }
  if (place.parties == 1) {
    __syncthreads();
    meanwhile();
    __syncthreads();
    return true;
  }
  if (!is_last(parts.tickets + place.pair, place.parties)) return false;
  float4 own[AT_ONCE];
  const auto ask = [&](int i, int base) {
    for (int p = 0; p < AT_ONCE; p++)
      if (i < items && base + p < place.count) own[p] = sums[(base + p) * items + i];
  };
  ask(first, 0);
  auto* const of_parts = reinterpret_cast<float2*>(shares);
  for (int i = first; i < place.count * group; i += ATTENTION_THREADS) of_parts[i] = totals[i];
  meanwhile();
  __syncthreads();
  for (int i = first; i < items; i += ATTENTION_THREADS) {
    const int head = 4 * i / HEAD_DIM;
    float peak = -INFINITY;
    for (int p = 0; p < place.count; p++) peak = fmaxf(peak, of_parts[p * group + head].x);
    Together all(peak);
    for (int base = 0; base < place.count; base += AT_ONCE) {
      if (i > first || base > 0) ask(i, base);
      for (int p = 0; p < AT_ONCE; p++)
        if (base + p < place.count) all.add(of_parts[(base + p) * group + head], own[p]);
    }
    all.write(out + 4 * i);
    if (4 * i % HEAD_DIM == 0) total(head, float2{peak, all.total});
  }
  return true;
}

/** Floats from one warp's pipeline, which its share overwrites in the end, to the next one's. */
template <int STAGE_BYTES>
constexpr int SHARE_STRIDE = STAGES * STAGE_BYTES / 4;

/**
 * How many pages of a list of `pages` a block takes, a multiple of its warps: what ends first if a block's start and end cost
 * as much as three turns of its warps.
 */
template <typename... Parameters>
int attended_pages_a_block(const AttentionParts& parts, int64_t pages, void (*kernel)(Parameters...), size_t shared_bytes) {
  const int64_t at_once = int64_t(multiprocessors()) * blocks_each(kernel, ATTENTION_THREADS, shared_bytes),
                most_turns = (pages + ATTENTION_WARPS - 1) / ATTENTION_WARPS;
  int64_t best = most_turns, least = INT64_MAX;
  for (int64_t turns = most_turns; turns >= 1; turns--) {
    const int64_t own = (most_turns + turns - 1) / turns;
    const int64_t time = (parts.pairs * own + at_once - 1) / at_once * (turns + 3);
    if (time < least && own <= parts.most) {
      least = time;
      best = turns;
    }
  }
  return int(best * ATTENTION_WARPS);
}

}  // namespace raas::RAAS_DEVICE
