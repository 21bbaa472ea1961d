#include "page-selection.cuh"
#include "top-pages.h"

/** Bound by latency: one block a sequence and KV head, its scores in shared memory. See page-selection.cuh. */
namespace raas::RAAS_DEVICE {
namespace {

constexpr int THREADS = 512;

__global__ void __launch_bounds__(THREADS) top_pages_kernel(const float* __restrict__ all_scores, const int32_t* __restrict__ lengths,
                                                            int32_t* all_chosen, int max_pages, int budget) {
  DYNAMIC_SHARED(shared);
  __shared__ SelectionScratch scratch;
  auto* const scores = reinterpret_cast<float*>(shared);
  auto* const members = reinterpret_cast<int*>(scores + max_pages);
  const size_t pair = size_t(blockIdx.y) * gridDim.x + blockIdx.x;
  const float* const from = all_scores + pair * max_pages;
  int32_t* const chosen = all_chosen + pair * budget;
  const int pages = (lengths[blockIdx.y] + int(PAGE_TOKENS) - 1) / int(PAGE_TOKENS), others = pages - 1;
  for (int i = int(threadIdx.x); i < others; i += THREADS) scores[i] = from[i];
  __syncthreads();
  const Worst worst = worst_of_best<THREADS>(scores, others, budget - 1, members, scratch);
  for_each_taken<THREADS>(scores, others, worst, scratch, [&](int rank, int page) { chosen[rank] = page; });
  const int taken = min(others, budget - 1);
  for (int rank = taken + int(threadIdx.x); rank < budget; rank += THREADS) chosen[rank] = rank == taken ? pages - 1 : -1;
}

}  // namespace

Run top_pages(const Problem& problem) {
  const auto& own = dynamic_cast<const TopPages&>(problem);
  const dim3 grid(unsigned(own.kv.kv_heads), unsigned(own.kv.sequences));
  const int max_pages = int(own.kv.max_pages), budget = int(own.chosen);
  return [=](const Pointers& arrays, void* stream) {
    launch(top_pages_kernel, grid, dim3(THREADS), size_t(max_pages) * 8, stream, static_cast<const float*>(arrays[0]),
           static_cast<const int32_t*>(arrays[1]), static_cast<int32_t*>(arrays[2]), max_pages, budget);
  };
}

}  // namespace raas::RAAS_DEVICE
