#include "page-bound.cuh"
#include "page-selection.cuh"
#include "paged-attention.cuh"
#include "raas-step.h"

/**
 * One launch. Bound by memory for batches of some tens of sequences, by the latency of one chain of loads for few: blocks
 * take some pages of a sequence and KV head each, bring keys, values and representative of a page in together, write the
 * new token, score and attend; the last block of the pair puts the attention together, stamps and evicts, in the same
 * memory.
 */
namespace raas::RAAS_DEVICE {
namespace {

struct RaasState {
  const uint16_t *q, *new_keys, *new_values;
  uint16_t *keys, *values, *representatives;
  int32_t *pages, *stamps, *lengths, *sequence_tickets;
  float* scores;
  int group, kv_heads, held_pages, pinned;
};

/** Channel by channel the lower or the higher of eight values in 16 bytes. */
__device__ inline uint4 extreme_8(const uint4& a, const uint4& b, bool lower) {
  const uint32_t left[4] = {a.x, a.y, a.z, a.w}, right[4] = {b.x, b.y, b.z, b.w};
  uint32_t out[4];
  for (int i = 0; i < 4; i++) {
    uint32_t halves[2];
    for (int side = 0; side < 2; side++) {
      const uint32_t one = side == 0 ? left[i] << 16 : left[i] & 0xffff0000u, two = side == 0 ? right[i] << 16 : right[i] & 0xffff0000u;
      halves[side] = (__uint_as_float(two) < __uint_as_float(one)) == lower ? two : one;
    }
    out[i] = halves[0] >> 16 | halves[1];
  }
  return make_uint4(out[0], out[1], out[2], out[3]);
}

/** A warp writes the new token to its page, in the cache and in the stage, and its key into the page's representative. */
template <int HEAD_DIM>
__device__ inline void append(const RaasState& state, unsigned char* stage, size_t pair, int head, int page, int offset) {
  using Attention = PageAttention<HEAD_DIM>;
  constexpr int CHUNKS = Attention::CHUNKS;
  const int lane = int(threadIdx.x) % 32;
  const size_t at = ((size_t(page) * TOKENS + offset) * state.kv_heads + head) * HEAD_DIM;
  const auto* const keys = reinterpret_cast<const uint4*>(state.new_keys + pair * HEAD_DIM);
  if (lane < 2 * CHUNKS) {
    const int chunk = lane % CHUNKS;
    const bool first = lane < CHUNKS;  // the lane has keys and minima; else values and maxima
    const uint4 key = keys[chunk], row = first ? key : reinterpret_cast<const uint4*>(state.new_values + pair * HEAD_DIM)[chunk];
    *reinterpret_cast<uint4*>((first ? state.keys : state.values) + at + chunk * 8) = row;
    *reinterpret_cast<uint4*>(stage + (first ? 0 : Attention::PAGE_BYTES) + Attention::offset(offset, chunk)) = row;
    auto* const extremes = reinterpret_cast<uint4*>(stage + Attention::STAGE_BYTES) + lane;
    const uint4 own = offset == 0 ? key : extreme_8(*extremes, key, first);
    *extremes = own;
    reinterpret_cast<uint4*>(state.representatives + (size_t(page) * state.kv_heads + head) * (2 * HEAD_DIM))[lane] = own;
  }
  __syncwarp();
}

/** What the last block of a pair stamps and evicts by, in shared memory. */
struct PairState {
  float* scores;  // of those not pinned
  int32_t *members, *pages, *stamps;
  __device__ PairState(unsigned char* shared, int slots)
      : scores(reinterpret_cast<float*>(shared)), members(reinterpret_cast<int32_t*>(shared) + slots), pages(members + slots), stamps(pages + slots) {}
  __device__ void load(const RaasState& state, size_t pair, int position, int held) {
    const int slots = state.held_pages + 1;
    const size_t at = pair * slots;
    for (int i = int(threadIdx.x); i < held; i += ATTENTION_THREADS) {
      pages[i] = state.pages[at + i];
      stamps[i] = i == state.held_pages ? position : state.stamps[at + i];  // a page that was opened is new
      if (i >= state.pinned) scores[i - state.pinned] = state.scores[at + i];
    }
  }
};

/** The last block of a pair stamps the best half of the pages and lets the one with the oldest stamp go. */
__device__ inline void stamp_and_evict(const RaasState& state, PairState own, size_t pair, int position, bool opened) {
  __shared__ SelectionScratch scratch;
  __shared__ int victim;
  const int slots = state.held_pages + 1, held = state.held_pages + opened, newest = held - 1, candidates = held - state.pinned;
  const auto [scores, members, pages, stamps] = own;
  int32_t *const all_pages = state.pages + pair * slots, *const all_stamps = state.stamps + pair * slots;
  const Worst worst = worst_of_best<ATTENTION_THREADS>(scores, candidates, (candidates + 1) / 2, members, scratch);
  for (int i = int(threadIdx.x); i < candidates; i += ATTENTION_THREADS)
    if (worst.takes(scores[i], i)) stamps[state.pinned + i] = position;
  __syncthreads();
  if (opened && threadIdx.x < 32) {
    int oldest = INT32_MAX, at = INT32_MAX;
    for (int i = state.pinned + int(threadIdx.x); i < newest; i += 32)
      if (stamps[i] < oldest) {
        oldest = stamps[i];
        at = i;
      }
    for (int step = 16; step > 0; step /= 2) {
      const int stamp = __shfl_xor_sync(0xffffffffu, oldest, step), other = __shfl_xor_sync(0xffffffffu, at, step);
      if (stamp < oldest || (stamp == oldest && other < at)) {
        oldest = stamp;
        at = other;
      }
    }
    if (threadIdx.x == 0) victim = at;
  }
  __syncthreads();
  const int gone = opened ? victim : held;
  for (int i = int(threadIdx.x); i < held; i += ATTENTION_THREADS) {
    const int from = i < gone ? i : i < newest ? i + 1 : gone;  // pages behind the one that leaves move up; it becomes the free one
    all_stamps[i] = stamps[from];
    if (opened) all_pages[i] = pages[from];
  }
}

template <int HEAD_DIM>
__global__ void __launch_bounds__(ATTENTION_THREADS, ATTENTION_BLOCKS) raas_kernel(RaasState state, uint16_t* out, Parts parts, int most, int pages_each) {
  using Attention = PageAttention<HEAD_DIM>;
  constexpr int STAGE_BYTES = Attention::STAGE_BYTES + 4 * HEAD_DIM;  // and the representative
  DYNAMIC_SHARED(stages);
  __shared__ float folded[2 * HEAD_DIM];
  const int head = int(blockIdx.x), part = int(blockIdx.y), sequence = int(blockIdx.z), lane = int(threadIdx.x) % 32;
  const size_t pair = size_t(sequence) * state.kv_heads + head;
  const int slots = state.held_pages + 1, position = state.lengths[sequence], offset = position % TOKENS;
  const int held = state.held_pages + (offset == 0), newest = held - 1, count = (held + pages_each - 1) / pages_each;
  const int32_t* const pages = state.pages + pair * slots;
  const uint16_t* const q = state.q + pair * state.group * HEAD_DIM;
  const HeadPages cache{state.keys, state.values, state.kv_heads};
  Attention attention;
  float factors[8];
  for_each_page<STAGE_BYTES>(
      part * pages_each, min((part + 1) * pages_each, held), stages, [&](int i) { return pages[min(i, slots - 1)]; },
      [&](unsigned char* stage, int i, int page) {
        Attention::fetch(stage, cache, page, head, i == newest ? offset : TOKENS);
        if (i >= state.pinned && lane < HEAD_DIM / 4)
          copy_async_16(stage + Attention::STAGE_BYTES + 16 * lane,
                        state.representatives + (size_t(page) * state.kv_heads + head) * (2 * HEAD_DIM) + 8 * lane, i < newest || offset > 0);
      },
      [&] {
        attention.start(q, state.group);
        fold_queries<HEAD_DIM>(q, state.group, folded);
        __syncthreads();
        for (int i = 0; i < 8; i++) factors[i] = lane < HEAD_DIM / 4 ? folded[8 * lane + i] : 0;
      },
      [&](unsigned char* stage, int i, int page) {
        if (i == newest) append<HEAD_DIM>(state, stage, pair, head, page, offset);
        if (i >= state.pinned) {
          const float score = warp_sum(lane < HEAD_DIM / 4 ? dot_8(reinterpret_cast<const uint4*>(stage + Attention::STAGE_BYTES)[lane], factors) : 0);
          if (lane == 0) state.scores[pair * slots + i] = score;
        }
        attention.add(stage, i == newest ? offset + 1 : TOKENS, [](int, int, float) {});
      });
  attention.store(reinterpret_cast<float*>(stages) + int(threadIdx.x) / 32 * SHARE_STRIDE<STAGE_BYTES>);
  // A block without pages waits for the others too: it must not begin after the length has grown, when it might have some.
  const Place place{pair, part, count, int(gridDim.y), most};
  PairState own(stages + size_t(most) * state.group * sizeof(float2), slots);
  if (!finish<HEAD_DIM>(reinterpret_cast<float*>(stages), SHARE_STRIDE<STAGE_BYTES>, parts, place, state.group,
                        out + pair * state.group * HEAD_DIM, [](int, float2) {}, [&] { own.load(state, pair, position, held); }))
    return;
  stamp_and_evict(state, own, pair, position, offset == 0);
  if (threadIdx.x == 0 && atomicAdd(&state.sequence_tickets[sequence], 1) == state.kv_heads - 1) {
    state.sequence_tickets[sequence] = 0;
    state.lengths[sequence] = position + 1;
  }
}

template <int HEAD_DIM>
Run start(const RaasStep& problem) {
  const int slots = int(problem.slots), most = int(problem.parts.most);
  // The pipelines, or in their place totals of the parts and scores, members, pages and stamps of one pair.
  constexpr size_t PIPELINES = size_t(ATTENTION_WARPS) * STAGES * (PageAttention<HEAD_DIM>::STAGE_BYTES + 4 * HEAD_DIM);
  const size_t shared = std::max(PIPELINES, sizeof(float2) * size_t(most * problem.group) + 16 * size_t(slots));
  const int pages_each = attended_pages_a_block(problem.parts, slots, raas_kernel<HEAD_DIM>, shared);
  const dim3 grid(unsigned(problem.kv_heads), unsigned((slots + pages_each - 1) / pages_each), unsigned(problem.sequences));
  RaasState state{};
  state.group = int(problem.group);
  state.kv_heads = int(problem.kv_heads);
  state.held_pages = int(problem.held_pages);
  state.pinned = int(problem.pinned);
  return [=](const Pointers& arrays, void* stream) {
    using P = RaasStep;
    RaasState own = state;
    own.q = static_cast<const uint16_t*>(arrays[P::Q]);
    own.new_keys = static_cast<const uint16_t*>(arrays[P::NEW_KEYS]);
    own.new_values = static_cast<const uint16_t*>(arrays[P::NEW_VALUES]);
    own.keys = static_cast<uint16_t*>(arrays[P::K]);
    own.values = static_cast<uint16_t*>(arrays[P::V]);
    own.representatives = static_cast<uint16_t*>(arrays[P::REPRESENTATIVES]);
    own.pages = static_cast<int32_t*>(arrays[P::PAGES]);
    own.stamps = static_cast<int32_t*>(arrays[P::STAMPS]);
    own.lengths = static_cast<int32_t*>(arrays[P::LENGTHS]);
    own.sequence_tickets = static_cast<int32_t*>(arrays[P::SEQUENCE_TICKETS]);
    own.scores = static_cast<float*>(arrays[P::SCORES]);
    launch(raas_kernel<HEAD_DIM>, grid, dim3(ATTENTION_THREADS), shared, stream, own, static_cast<uint16_t*>(arrays[P::OUT]),
           parts_at(arrays, P::PARTS), most, pages_each);
  };
}

}  // namespace

Run raas_step(const Problem& problem) {
  const auto& own = dynamic_cast<const RaasStep&>(problem);
  return own.head_dim == 64 ? start<64>(own) : start<128>(own);
}

}  // namespace raas::RAAS_DEVICE
