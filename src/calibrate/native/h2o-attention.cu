#include "h2o-attention.h"
#include "paged-attention.cuh"

/**
 * Bound by memory: keys and values once, as dense decode attention (see paged-attention.cuh), and 4 bytes of logit a query
 * head and token, written in the first launch and read in the second, which knows the softmax's denominators and adds the
 * weights to the sums, four tokens a thread.
 */
namespace raas::RAAS_DEVICE {
namespace {

constexpr int SUM_THREADS = 256, TOKENS_A_THREAD = 4;

struct Cache {
  HeadPages pages;
  const int32_t *table, *lengths;
  int max_pages;
  __device__ int length(int sequence) const { return lengths[sequence]; }
};

template <int HEAD_DIM>
__global__ void __launch_bounds__(ATTENTION_THREADS, ATTENTION_BLOCKS) h2o_kernel(const uint16_t* __restrict__ q, Cache cache, uint16_t* out, float* logits,
                                                                float2* denominators, Parts parts, int most, int group, int pages_each) {
  using Attention = PageAttention<HEAD_DIM>;
  DYNAMIC_SHARED(stages);
  const int head = int(blockIdx.x), part = int(blockIdx.y), sequence = int(blockIdx.z);
  const size_t pair = size_t(sequence) * gridDim.x + head;
  const int length = cache.length(sequence), pages = (length + TOKENS - 1) / TOKENS, count = (pages + pages_each - 1) / pages_each;
  if (part >= count) return;
  const int32_t* const table = cache.table + size_t(sequence) * cache.max_pages;
  const size_t row = size_t(cache.max_pages) * TOKENS;
  Attention attention;
  for_each_page<Attention::STAGE_BYTES>(
      part * pages_each, min((part + 1) * pages_each, pages), stages, [&](int i) { return table[min(i, cache.max_pages - 1)]; },
      [&](unsigned char* stage, int i, int page) { Attention::fetch(stage, cache.pages, page, head, min(length - i * TOKENS, TOKENS)); },
      [&] { attention.start(q + pair * group * HEAD_DIM, group); },
      [&](const unsigned char* stage, int i, int) {
        attention.add(stage, min(length - i * TOKENS, TOKENS), [&](int member, int token, float logit) {
          if (member < group) logits[(pair * group + member) * row + i * TOKENS + token] = logit;
        });
      });
  constexpr int SHARE = SHARE_STRIDE<Attention::STAGE_BYTES>;
  auto* const shares = reinterpret_cast<float*>(stages);
  attention.store(shares + int(threadIdx.x) / 32 * SHARE);
  finish<HEAD_DIM>(shares, SHARE, parts, {pair, part, count, count, most}, group, out + pair * group * HEAD_DIM,
                   [&](int member, float2 total) { denominators[pair * group + member] = total; }, [] {});
}

__global__ void __launch_bounds__(SUM_THREADS, 4) h2o_sums_kernel(const float* __restrict__ logits, const float2* __restrict__ denominators,
                                                               Cache cache, float* sums, int group) {
  const int head = int(blockIdx.y), sequence = int(blockIdx.z), length = cache.length(sequence);
  const int first = (int(blockIdx.x) * SUM_THREADS + int(threadIdx.x)) * TOKENS_A_THREAD;
  if (first >= length) return;
  const size_t pair = size_t(sequence) * gridDim.y + head, row = size_t(cache.max_pages) * TOKENS;
  float added[TOKENS_A_THREAD] = {};
  for (int member = 0; member < group; member++) {
    const float2 total = denominators[pair * group + member];
    const float4 own = *reinterpret_cast<const float4*>(logits + (pair * group + member) * row + first);
    const float all[TOKENS_A_THREAD] = {own.x, own.y, own.z, own.w}, factor = 1 / (total.y * float(group));
    for (int i = 0; i < TOKENS_A_THREAD; i++) added[i] += exp2_approximate(all[i] - total.x) * factor;
  }
  auto* const at = reinterpret_cast<float4*>(sums + pair * row + first);
  float4 sum = *at;
  sum.x += added[0];
  if (first + 1 < length) sum.y += added[1];
  if (first + 2 < length) sum.z += added[2];
  if (first + 3 < length) sum.w += added[3];
  *at = sum;
}

template <int HEAD_DIM>
Run start(const H2oAttention& problem) {
  const int group = int(problem.group), max_pages = int(problem.kv.max_pages), kv_heads = int(problem.kv.kv_heads), most = int(problem.parts.most);
  constexpr size_t SHARED = size_t(ATTENTION_WARPS) * STAGES * PageAttention<HEAD_DIM>::STAGE_BYTES;
  const int pages_each = attended_pages_a_block(problem.parts, max_pages, h2o_kernel<HEAD_DIM>, SHARED);
  const unsigned sequences = unsigned(problem.kv.sequences);
  constexpr int TOKENS_A_BLOCK = SUM_THREADS * TOKENS_A_THREAD;
  const dim3 grid(kv_heads, (max_pages + pages_each - 1) / pages_each, sequences);
  const dim3 sums_grid((max_pages * TOKENS + TOKENS_A_BLOCK - 1) / TOKENS_A_BLOCK, kv_heads, sequences);
  return [=](const Pointers& arrays, void* stream) {
    using P = H2oAttention;
    const Cache cache{{static_cast<const uint16_t*>(arrays[P::K]), static_cast<const uint16_t*>(arrays[P::V]), kv_heads},
                      static_cast<const int32_t*>(arrays[P::TABLE]), static_cast<const int32_t*>(arrays[P::LENGTHS]), max_pages};
    auto* const logits = static_cast<float*>(arrays[P::LOGITS]);
    auto* const denominators = static_cast<float2*>(arrays[P::DENOMINATORS]);
    launch(h2o_kernel<HEAD_DIM>, grid, dim3(ATTENTION_THREADS), SHARED, stream, static_cast<const uint16_t*>(arrays[P::Q]), cache,
           static_cast<uint16_t*>(arrays[P::OUT]), logits, denominators, parts_at(arrays, P::PARTS), most, group, pages_each);
    launch(h2o_sums_kernel, sums_grid, dim3(SUM_THREADS), 0, stream, logits, denominators, cache, static_cast<float*>(arrays[P::SUMS]), group);
  };
}

}  // namespace

Run h2o_attention(const Problem& problem) {
  const auto& own = dynamic_cast<const H2oAttention&>(problem);
  return own.kv.head_dim == 64 ? start<64>(own) : start<128>(own);
}

}  // namespace raas::RAAS_DEVICE
