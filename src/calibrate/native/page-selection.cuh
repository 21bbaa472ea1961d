#pragma once
#include "device.cuh"

/**
 * The best of a list of scores by one block of threads; of equal scores the one at the lower index is taken first.
 * A histogram over equal parts of the range from the least to the largest score finds the part in which the worst score
 * taken lies; the few scores in that part are then ranked among each other. Two passes over the scores in shared memory
 * and five barriers where a radix select has three barriers for each of four digits; slow only where most scores are equal.
 */
namespace raas::RAAS_DEVICE {

/** The worst score that is taken, and where it is. */
struct Worst {
  float score;
  int index;
  __device__ bool takes(float other, int at) const { return other > score || (other == score && at <= index); }
};

struct SelectionScratch {  // in shared memory
  static constexpr int BUCKETS = 1024;
  int histogram[BUCKETS];
  float least[32], largest[32];  // of each warp
  int totals[32];                // of each warp
  int bucket, above, members;
  Worst worst;
};

/** Sum of the values of the threads before this one. The caller synchronises before the totals are used again. */
template <int THREADS>
__device__ inline int sum_before(int value, int* totals) {
  const int warp = int(threadIdx.x) / 32, lane = int(threadIdx.x) % 32;
  int sum = value;
  for (int step = 1; step < 32; step *= 2) {
    const int other = __shfl_up_sync(0xffffffffu, sum, step);
    if (lane >= step) sum += other;
  }
  if (lane == 31) totals[warp] = sum;
  __syncthreads();
  int before = sum - value;
  for (int i = 0; i < THREADS / 32; i++) before += i < warp ? totals[i] : 0;
  return before;
}

/**
 * The worst of the `wanted` best scores, by all threads of the block, which gets the same answer. `scores` lie in shared
 * memory, written before a barrier; `members`: shared memory for as many indices as there are scores.
 */
template <int THREADS>
__device__ inline Worst worst_of_best(const float* scores, int count, int wanted, int* members, SelectionScratch& scratch) {
  if (wanted >= count) return {-INFINITY, count};
  constexpr int EACH = SelectionScratch::BUCKETS / THREADS;
  const int thread = int(threadIdx.x);
  for (int i = thread; i < SelectionScratch::BUCKETS; i += THREADS) scratch.histogram[i] = 0;
  if (thread == 0) scratch.members = 0;
  float least = INFINITY, largest = -INFINITY;
  for (int i = thread; i < count; i += THREADS) {
    least = fminf(least, scores[i]);
    largest = fmaxf(largest, scores[i]);
  }
  least = -warp_max(-least);
  largest = warp_max(largest);
  if (thread % 32 == 0) {
    scratch.least[thread / 32] = least;
    scratch.largest[thread / 32] = largest;
  }
  __syncthreads();
  for (int i = 0; i < THREADS / 32; i++) {
    least = fminf(least, scratch.least[i]);
    largest = fmaxf(largest, scratch.largest[i]);
  }
  const float range = largest - least, scale = range > 1e-30f ? float(SelectionScratch::BUCKETS) / range : 0;
  const auto bucket_of = [&](float score) { return min(int((score - least) * scale), SelectionScratch::BUCKETS - 1); };
  for (int i = thread; i < count; i += THREADS) atomicAdd(&scratch.histogram[bucket_of(scores[i])], 1);
  __syncthreads();
  // Thread 0 counts the highest buckets.
  const int* const own = &scratch.histogram[SelectionScratch::BUCKETS - (thread + 1) * EACH];
  int in_own = 0;
  for (int i = 0; i < EACH; i++) in_own += own[i];
  int above = sum_before<THREADS>(in_own, scratch.totals);
  if (above < wanted && wanted <= above + in_own) {
    int at = EACH - 1;
    for (; above + own[at] < wanted; at--) above += own[at];
    scratch.bucket = int(own - scratch.histogram) + at;
    scratch.above = above;
  }
  __syncthreads();
  const int bucket = scratch.bucket, rank_wanted = wanted - scratch.above - 1;
  for (int i = thread; i < count; i += THREADS)
    if (bucket_of(scores[i]) == bucket) members[atomicAdd(&scratch.members, 1)] = i;
  __syncthreads();
  const int found = scratch.members;
  for (int i = thread; i < found; i += THREADS) {
    const Worst candidate{scores[members[i]], members[i]};
    int rank = -1;  // it takes itself
    for (int j = 0; j < found; j++) rank += candidate.takes(scores[members[j]], members[j]);
    if (rank == rank_wanted) scratch.worst = candidate;
  }
  __syncthreads();
  return scratch.worst;
}

/** Calls `take(rank, index)` for every score that is taken, ranks by ascending index. */
template <int THREADS, typename Take>
__device__ inline void for_each_taken(const float* scores, int count, Worst worst, SelectionScratch& scratch, const Take& take) {
  constexpr int WARPS = THREADS / 32;
  const int warp = int(threadIdx.x) / 32, lane = int(threadIdx.x) % 32;
  // A warp looks at neighbouring scores, each of its lanes at every 32nd: no two lanes read the same bank.
  const int each = (count + THREADS - 1) / THREADS * 32, from = warp * each, to = min(from + each, count);
  int taken = 0;
  for (int base = from; base < to; base += 32)
    taken += __popc(__ballot_sync(0xffffffffu, base + lane < to && worst.takes(scores[base + lane], base + lane)));
  if (lane == 0) scratch.totals[warp] = taken;
  __syncthreads();
  int rank = 0;
  for (int i = 0; i < WARPS; i++) rank += i < warp ? scratch.totals[i] : 0;
  for (int base = from; base < to; base += 32) {
    const bool own = base + lane < to && worst.takes(scores[base + lane], base + lane);
    const unsigned votes = __ballot_sync(0xffffffffu, own);
    if (own) take(rank + __popc(votes & ((1u << lane) - 1)), base + lane);
    rank += __popc(votes);
  }
}

}  // namespace raas::RAAS_DEVICE
