#pragma once
#include <algorithm>
#include "device.cuh"

/** Quest's bound of pages on the device: see page_bound in page-representatives.h for why one row of 2 · headDim is enough. */
namespace raas::RAAS_DEVICE {

/** Threads of the block fold the queries of a KV head into factors of a page's minima and maxima; the caller synchronises. */
template <int HEAD_DIM>
__device__ inline void fold_queries(const uint16_t* q, int group, float* folded) {
  for (int i = int(threadIdx.x); i < 2 * HEAD_DIM; i += int(blockDim.x)) {
    const int channel = i % HEAD_DIM;
    float sum = 0;
    for (int head = 0; head < group; head++) {
      const float value = bf16_to_float(q[head * HEAD_DIM + channel]);
      sum += i < HEAD_DIM ? fminf(value, 0) : fmaxf(value, 0);
    }
    folded[i] = sum / float(group);
  }
}

/** Product of eight values in 16 bytes with eight factors. */
__device__ inline float dot_8(const uint4& row, const float (&factors)[8]) {
  const uint32_t words[4] = {row.x, row.y, row.z, row.w};
  float sum = 0;
  for (int i = 0; i < 4; i++) {
    sum += __uint_as_float(words[i] << 16) * factors[2 * i];
    sum += __uint_as_float(words[i] & 0xffff0000u) * factors[2 * i + 1];
  }
  return sum;
}

/**
 * Eight sums over groups of LANES lanes at once, in 7 + log2(LANES / 8) exchanges instead of 8 · log2(LANES): at each step
 * half of the sums move to the other half of the lanes. Lane i of a group is left with sum i / (LANES / 8).
 */
template <int LANES>
__device__ inline float sum_8(float (&values)[8]) {
  const int lane = int(threadIdx.x) % 32;
  for (int half = 4, mask = LANES / 2; half >= 1; half /= 2, mask /= 2) {
    const bool upper = (lane & mask) != 0;
    for (int i = 0; i < half; i++) {
      const float kept = upper ? values[i + half] : values[i], given = upper ? values[i] : values[i + half];
      values[i] = kept + __shfl_xor_sync(0xffffffffu, given, mask);
    }
  }
  for (int mask = LANES / 16; mask >= 1; mask /= 2) values[0] += __shfl_xor_sync(0xffffffffu, values[0], mask);
  return values[0];
}

/** What scoring needs to know of a batch. */
struct ScoredPages {
  const uint16_t* q;                // [sequences][kvHeads][group][headDim]
  const uint16_t* representatives;  // [pages][kvHeads][2][headDim]
  const int32_t* table;             // [sequences][maxPages]
  float* scores;                    // [sequences][kvHeads][maxPages]
  int group, kv_heads, max_pages;
};

constexpr int SCORE_THREADS = 256;
/** Pages that a block scores in one go: 32 KB of representatives, all of them on their way at once. */
template <int HEAD_DIM>
constexpr int SCORED_AT_ONCE = SCORE_THREADS * 8 * 4 / HEAD_DIM;

/**
 * Pages a block scores one after the other, a multiple of those at once: more than one turn where there are far more turns
 * than multiprocessors, since the folding of the queries and the start of a block are then paid less often.
 */
inline int pages_a_block(int64_t pairs, int max_pages, int at_once) {
  const int64_t turns = (max_pages + at_once - 1) / at_once, enough = 12 * int64_t(multiprocessors());
  return at_once * int(std::clamp<int64_t>(turns * pairs / enough, 1, 8));
}

/** Threads of a block score pages [from, to) of a sequence and KV head; `folded`: shared memory for 2 · headDim factors. */
template <int HEAD_DIM>
__device__ inline void score_pages(const ScoredPages& in, int sequence, int head, int from, int to, float* folded) {
  constexpr int LANES = HEAD_DIM / 4;  // that hold a page's row in 16 bytes each
  constexpr int ROWS = 32 / LANES;     // of a warp's load
  const int warp = int(threadIdx.x) / 32, lane = int(threadIdx.x) % 32, within = lane % LANES;
  const int32_t* const table = in.table + size_t(sequence) * in.max_pages;
  float* const scores = in.scores + (size_t(sequence) * in.kv_heads + head) * in.max_pages;
  float factors[8];
  for (int base = from; base < to; base += SCORED_AT_ONCE<HEAD_DIM>) {
    const int first = base + warp * 8 * ROWS;  // page of this warp's first row; load i holds pages first + i · ROWS ...
    uint4 rows[8];
    for (int i = 0; i < 8; i++) {
      const int page = table[min(first + i * ROWS + lane / LANES, to - 1)];
      rows[i] = *reinterpret_cast<const uint4*>(in.representatives + (size_t(page) * in.kv_heads + head) * (2 * HEAD_DIM) + within * 8);
    }
    if (base == from) {  // after the first loads are on their way
      fold_queries<HEAD_DIM>(in.q + (size_t(sequence) * in.kv_heads + head) * in.group * HEAD_DIM, in.group, folded);
      __syncthreads();
      for (int i = 0; i < 8; i++) factors[i] = folded[within * 8 + i];
    }
    float sums[8];
    for (int i = 0; i < 8; i++) sums[i] = dot_8(rows[i], factors);
    const float score = sum_8<LANES>(sums);
    const int page = first + within / (LANES / 8) * ROWS + lane / LANES;
    if (within % (LANES / 8) == 0 && page < to) scores[page] = score;
  }
}

}  // namespace raas::RAAS_DEVICE
