#include "page-bound.cuh"
#include "page-scores.h"

/**
 * Bound by memory: every representative is read once, 16 bytes a thread, a page's row of one head (512 bytes at headDim
 * 128) by one warp or half of it, eight rows of a warp on their way at once: 32 KB a block, three blocks a
 * multiprocessor. Blocks of the heads of one stretch of pages follow each other, so that they read neighbouring rows at
 * about the same time.
 */
namespace raas::RAAS_DEVICE {
namespace {

template <int HEAD_DIM>
__global__ void __launch_bounds__(SCORE_THREADS, 3) scores_kernel(ScoredPages in, const int32_t* __restrict__ lengths, int pages_each) {
  __shared__ float folded[2 * HEAD_DIM];
  const int head = int(blockIdx.x), sequence = int(blockIdx.z);
  const int pages = (lengths[sequence] + int(PAGE_TOKENS) - 1) / int(PAGE_TOKENS);
  const int from = int(blockIdx.y) * pages_each;
  if (from < pages) score_pages<HEAD_DIM>(in, sequence, head, from, min(from + pages_each, pages), folded);
}

template <int HEAD_DIM>
Run start(const PageScores& problem) {
  const int group = int(problem.group), kv_heads = int(problem.kv.kv_heads), max_pages = int(problem.kv.max_pages);
  const int pages_each = pages_a_block(problem.kv.sequences * kv_heads, max_pages, SCORED_AT_ONCE<HEAD_DIM>);
  const dim3 grid(kv_heads, (max_pages + pages_each - 1) / pages_each, unsigned(problem.kv.sequences));
  return [=](const Pointers& arrays, void* stream) {
    const ScoredPages in{static_cast<const uint16_t*>(arrays[0]), static_cast<const uint16_t*>(arrays[1]),
                         static_cast<const int32_t*>(arrays[2]), static_cast<float*>(arrays[4]), group, kv_heads, max_pages};
    launch(scores_kernel<HEAD_DIM>, grid, dim3(SCORE_THREADS), 0, stream, in, static_cast<const int32_t*>(arrays[3]), pages_each);
  };
}

}  // namespace

Run page_scores(const Problem& problem) {
  const auto& own = dynamic_cast<const PageScores&>(problem);
  return own.kv.head_dim == 64 ? start<64>(own) : start<128>(own);
}

}  // namespace raas::RAAS_DEVICE
