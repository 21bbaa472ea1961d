#include "page-bound.cuh"
#include "page-selection.cuh"
#include "paged-attention.cuh"
#include "quest-step.h"

/**
 * Bound by memory from some ten megabytes of representatives on, by latency below. Two launches: in the first, blocks score
 * a stretch of pages each and the last one of a sequence and KV head chooses among all; in the second, blocks attend to
 * some of the chosen pages each and the last one puts them together.
 */
namespace raas::RAAS_DEVICE {
namespace {

template <int HEAD_DIM>
__global__ void __launch_bounds__(SCORE_THREADS, 3) quest_choice_kernel(ScoredPages in, const int32_t* __restrict__ lengths, int32_t* all_chosen,
                                                                     int32_t* all_places, int32_t* tickets, int pages_each, int budget) {
  DYNAMIC_SHARED(shared);
  __shared__ float folded[2 * HEAD_DIM];
  __shared__ SelectionScratch scratch;
  const int head = int(blockIdx.x), part = int(blockIdx.y), sequence = int(blockIdx.z);
  const size_t pair = size_t(sequence) * in.kv_heads + head;
  const int pages = (lengths[sequence] + TOKENS - 1) / TOKENS, others = pages - 1;
  const int32_t* const table = in.table + size_t(sequence) * in.max_pages;
  int32_t *const chosen = all_chosen + pair * budget, *const places = all_places + pair * budget;
  const auto take = [&](int rank, int page) {
    chosen[rank] = page;
    places[rank] = table[page];
  };
  if (pages <= budget) {
    if (part == 0)
      for (int rank = int(threadIdx.x); rank < budget; rank += SCORE_THREADS) {
        if (rank < pages) take(rank, rank);
        else chosen[rank] = -1;
      }
    return;
  }
  if (part * pages_each >= others) return;
  score_pages<HEAD_DIM>(in, sequence, head, part * pages_each, min((part + 1) * pages_each, others), folded);
  if (!is_last(tickets + pair, (others + pages_each - 1) / pages_each)) return;
  auto* const scores = reinterpret_cast<float*>(shared);
  const float* const all = in.scores + pair * in.max_pages;
  for (int i = int(threadIdx.x); i < others; i += SCORE_THREADS) scores[i] = all[i];
  __syncthreads();
  const Worst worst = worst_of_best<SCORE_THREADS>(scores, others, budget - 1, reinterpret_cast<int*>(scores + others), scratch);
  for_each_taken<SCORE_THREADS>(scores, others, worst, scratch, take);
  if (threadIdx.x == 0) take(budget - 1, others);
}

template <int HEAD_DIM>
__global__ void __launch_bounds__(ATTENTION_THREADS, ATTENTION_BLOCKS) quest_attention_kernel(const uint16_t* __restrict__ q, HeadPages cache,
                                                                            const int32_t* __restrict__ lengths,
                                                                            const int32_t* __restrict__ all_places, uint16_t* out, Parts parts,
                                                                            int most, int group, int pages_each, int budget) {
  using Attention = PageAttention<HEAD_DIM>;
  DYNAMIC_SHARED(stages);
  const int head = int(blockIdx.x), part = int(blockIdx.y), sequence = int(blockIdx.z);
  const size_t pair = size_t(sequence) * gridDim.x + head;
  const int length = lengths[sequence], pages = (length + TOKENS - 1) / TOKENS, read = min(pages, budget);
  const int count = (read + pages_each - 1) / pages_each, in_newest = length - (pages - 1) * TOKENS;
  const int32_t* const places = all_places + pair * budget;
  const auto tokens = [&](int i) { return i == read - 1 ? in_newest : TOKENS; };
  Attention attention;
  for_each_page<Attention::STAGE_BYTES>(
      part * pages_each, min((part + 1) * pages_each, read), stages, [&](int i) { return places[min(i, budget - 1)]; },
      [&](unsigned char* stage, int i, int page) { Attention::fetch(stage, cache, page, head, tokens(i)); },
      [&] { attention.start(q + pair * group * HEAD_DIM, group); },
      [&](const unsigned char* stage, int i, int) { attention.add(stage, tokens(i), [](int, int, float) {}); });
  if (part >= count) return;  // not earlier: places are looked up before the length is there
  constexpr int SHARE = SHARE_STRIDE<Attention::STAGE_BYTES>;
  auto* const shares = reinterpret_cast<float*>(stages);
  attention.store(shares + int(threadIdx.x) / 32 * SHARE);
  finish<HEAD_DIM>(shares, SHARE, parts, {pair, part, count, count, most}, group, out + pair * group * HEAD_DIM, [](int, float2) {},
                   [] {});
}

template <int HEAD_DIM>
Run start(const QuestStep& problem) {
  const int group = int(problem.group), budget = int(problem.chosen), kv_heads = int(problem.kv.kv_heads);
  const int max_pages = int(problem.kv.max_pages), most = int(problem.parts.most);
  const int scored_each = pages_a_block(problem.parts.pairs, max_pages, SCORED_AT_ONCE<HEAD_DIM>);
  constexpr size_t SHARED = size_t(ATTENTION_WARPS) * STAGES * PageAttention<HEAD_DIM>::STAGE_BYTES;
  const int read_each = attended_pages_a_block(problem.parts, budget, quest_attention_kernel<HEAD_DIM>, SHARED);
  const unsigned sequences = unsigned(problem.kv.sequences);
  const dim3 score_grid(kv_heads, (max_pages + scored_each - 1) / scored_each, sequences);
  const dim3 read_grid(kv_heads, (budget + read_each - 1) / read_each, sequences);
  return [=](const Pointers& arrays, void* stream) {
    using P = QuestStep;
    const auto* const q = static_cast<const uint16_t*>(arrays[P::Q]);
    const auto* const lengths = static_cast<const int32_t*>(arrays[P::LENGTHS]);
    auto* const places = static_cast<int32_t*>(arrays[P::PLACES]);
    const ScoredPages scored{q, static_cast<const uint16_t*>(arrays[P::REPRESENTATIVES]), static_cast<const int32_t*>(arrays[P::TABLE]),
                             static_cast<float*>(arrays[P::SCORES]), group, kv_heads, max_pages};
    const HeadPages cache{static_cast<const uint16_t*>(arrays[P::K]), static_cast<const uint16_t*>(arrays[P::V]), kv_heads};
    launch(quest_choice_kernel<HEAD_DIM>, score_grid, dim3(SCORE_THREADS), size_t(max_pages) * 8, stream, scored, lengths,
           static_cast<int32_t*>(arrays[P::CHOSEN]), places, static_cast<int32_t*>(arrays[P::SCORE_TICKETS]), scored_each, budget);
    launch(quest_attention_kernel<HEAD_DIM>, read_grid, dim3(ATTENTION_THREADS), SHARED, stream, q, cache, lengths, places,
           static_cast<uint16_t*>(arrays[P::OUT]), parts_at(arrays, P::PARTS), most, group, read_each, budget);
  };
}

}  // namespace

Run quest_step(const Problem& problem) {
  const auto& own = dynamic_cast<const QuestStep&>(problem);
  return own.kv.head_dim == 64 ? start<64>(own) : start<128>(own);
}

}  // namespace raas::RAAS_DEVICE
