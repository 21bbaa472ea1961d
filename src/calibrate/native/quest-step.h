#pragma once
#include "attention-parts.h"
#include "exact-attention.h"
#include "error-norm.h"
#include "page-representatives.h"
#include "top-pages.h"

namespace raas {

/**
 * A decode step of Quest's attention (arXiv 2406.10774): scores of all pages but the newest, of which the best are chosen
 * for each KV head beside the newest; attention over exactly these pages. While there are no more pages than are read,
 * nothing is scored. The step's own key and value are in the cache already, as in dense decode attention.
 * Shape: sequences, context (tokens a sequence), queryHeads, kvHeads, headDim (64 or 128), budget (tokens read, a multiple of
 * 16; at least three pages are read), scattered, ragged (see PagedKv).
 * Arrays: q bf16 [sequences][queryHeads][headDim]; the cache (PagedKv, bf16); representatives bf16 [pages][kvHeads][2]
 * [headDim], minima then maxima; out as q; chosen i32 [sequences][kvHeads][pages read], pages of the sequence, ascending, -1
 * behind the last; scoreTickets i32 [sequences][kvHeads] are zero before and after a run; the rest is scratch.
 * Bytes: representatives of the pages scored, 4 · kvHeads · headDim each; keys and values of those read, of the newest what
 * is filled; q, out, table, lengths and chosen once. FLOPs: 4 · kvHeads · headDim a page scored, 4 · queryHeads · headDim
 * a token read.
 */
class QuestStep : public Problem {
 public:
  explicit QuestStep(const Shape& shape)
      : group(group_of(shape)),
        chosen(pages_read(shape)),
        kv(with(shape, {{"kvFormat", 0}}), size_in(shape, "context"), 0),
        parts(kv.sequences * kv.kv_heads, group, kv.head_dim, chosen) {
    size_among(shape, "headDim", {64, 128});
  }
  enum : size_t { Q, K, V, SCALES, TABLE, LENGTHS, REPRESENTATIVES, OUT, CHOSEN, SCORES, PLACES, SCORE_TICKETS, PARTS };
  std::vector<Array> arrays() const override {
    const size_t pairs = size_t(parts.pairs), values = pairs * size_t(group * kv.head_dim);
    std::vector<Array> all = {{"q", Type::bf16, values, Role::input}};
    for (const Array& array : kv.arrays()) all.push_back(array);
    all.push_back({"representatives", Type::bf16, size_t(2 * kv.pages) * kv.token_values(), Role::input});
    all.push_back({"out", Type::bf16, values, Role::output});
    all.push_back({"chosen", Type::i32, pairs * size_t(chosen), Role::output});
    all.push_back({"scores", Type::f32, pairs * size_t(kv.max_pages), Role::scratch});
    all.push_back({"places", Type::i32, pairs * size_t(chosen), Role::scratch});  // numbers of the chosen in the cache
    all.push_back({"scoreTickets", Type::i32, pairs, Role::state});
    for (const Array& array : parts.arrays()) all.push_back(array);
    return all;
  }
  Work work() const override {
    const double head_dim = double(kv.head_dim), kv_heads = double(kv.kv_heads);
    double scored = 0, read = 0;
    for (const int64_t length : kv.lengths) {
      const int64_t pages = PagedKv::pages_of(length);
      if (pages > chosen) scored += double(pages - 1);
      read += double(std::min(length, length - (pages - chosen) * PAGE_TOKENS));
    }
    const double bytes = 4 * kv_heads * head_dim * (scored + read) + 4 * double(kv.pages + kv.sequences) +
                         double(parts.pairs) * (4 * double(group) * head_dim + 4 * double(chosen));
    return {bytes, 4 * kv_heads * head_dim * (scored + double(group) * read)};
  }
  void fill(HostArrays& arrays, Random& random) const override {
    NormalValues(Type::bf16, 1, random).fill(arrays[Q].data(), arrays[Q].size() / 2);
    kv.fill(arrays, K, random);
    const PagedKvReader cache(kv, arrays, K);
    const auto* const keys = reinterpret_cast<const uint16_t*>(arrays[K].data());
    auto* const representatives = reinterpret_cast<uint16_t*>(arrays[REPRESENTATIVES].data());
    for (int64_t sequence = 0; sequence < kv.sequences; sequence++)
      for (int64_t from = 0; from < cache.length(sequence); from += PAGE_TOKENS)
        for (int64_t head = 0; head < kv.kv_heads; head++) {
          const int64_t slot = cache.slot(sequence, from), row = slot / PAGE_TOKENS * kv.kv_heads + head;
          represent(keys + (slot * kv.kv_heads + head) * kv.head_dim, std::min(PAGE_TOKENS, cache.length(sequence) - from), kv.token_values(),
                    kv.head_dim, representatives + row * 2 * kv.head_dim);
        }
    std::fill(arrays[SCORE_TICKETS].begin(), arrays[SCORE_TICKETS].end(), 0);
    AttentionParts::fill(arrays, PARTS);
  }
  Agreement compare(const HostArrays& before, const HostArrays& after, Random& random) const override {
    if (after[SCORE_TICKETS] != before[SCORE_TICKETS] || after[PARTS + 2] != before[PARTS + 2]) throw Error("tickets are not back at zero");
    ErrorNorm error;
    const double tokens = double(kv.pages) / double(kv.sequences) + double(chosen * PAGE_TOKENS);  // a page scored is as one
    Sample sample(compared_pairs(tokens, group, kv.head_dim), size_t(parts.pairs), random);
    for (int64_t pair = 0; pair < parts.pairs; pair++) {
      const auto* const out = reinterpret_cast<const uint16_t*>(after[OUT].data()) + pair * group * kv.head_dim;
      for (int64_t i = 0; i < group * kv.head_dim; i++) error.look_at(from_bf16(out[i]));
      if (sample.takes_next()) compare_pair(before, reinterpret_cast<const int32_t*>(after[CHOSEN].data()) + pair * chosen, pair, out, error);
    }
    return error.agreement();
  }

  const int64_t group, chosen;  // chosen: pages that a step reads, if there are so many
  const PagedKv kv;
  const AttentionParts parts;

 private:
  /** Attention over the pages that were chosen; throws Error unless they are the best, but for what rounding may do. */
  void compare_pair(const HostArrays& before, const int32_t* found, int64_t pair, const uint16_t* out, ErrorNorm& error) const {
    const PagedKvReader cache(kv, before, K);
    const int64_t sequence = pair / kv.kv_heads, head = pair % kv.kv_heads, length = cache.length(sequence), pages = PagedKv::pages_of(length);
    const int64_t count = std::min(pages, chosen);
    const auto* const q = reinterpret_cast<const uint16_t*>(before[Q].data()) + pair * group * kv.head_dim;
    bool valid = found[count - 1] == pages - 1;
    for (int64_t i = 0; i < chosen; i++) valid &= i < count ? found[i] > (i == 0 ? -1 : found[i - 1]) : found[i] == -1;
    if (!valid) throw Error("chosen pages are not ascending, or not with the newest");
    double worst_chosen = INFINITY, best_left = -INFINITY;
    for (int64_t page = 0, next = 0; page < pages - 1; page++) {
      const int64_t row = cache.slot(sequence, page * PAGE_TOKENS) / PAGE_TOKENS * kv.kv_heads + head;
      const auto* const all = reinterpret_cast<const uint16_t*>(before[REPRESENTATIVES].data());
      const double score = page_bound(q, group, all + row * 2 * kv.head_dim, kv.head_dim);
      if (found[next] == page) {
        worst_chosen = std::min(worst_chosen, score);
        next++;
      } else {
        best_left = std::max(best_left, score);
      }
    }
    if (best_left > worst_chosen + 1e-5 * std::fabs(worst_chosen)) throw Error("a page was left for one with a lower score");
    const auto slot = [&](int64_t i) { return cache.slot(sequence, found[i / PAGE_TOKENS] * PAGE_TOKENS + i % PAGE_TOKENS); };
    for (int64_t member = 0; member < group; member++) {
      const ExactAttention exact(q + member * kv.head_dim, kv.head_dim, length - (pages - count) * PAGE_TOKENS,
                                     [&](int64_t i, int64_t c) { return cache.k(slot(i), head, c); },
                                 [&](int64_t i, int64_t c) { return cache.v(slot(i), head, c); });
      for (int64_t c = 0; c < kv.head_dim; c++) error.add(from_bf16(out[member * kv.head_dim + c]), exact.out[size_t(c)]);
    }
  }
};

namespace cuda { Run quest_step(const Problem&); }
namespace emulated { Run quest_step(const Problem&); }
namespace cpu { Run quest_step(const Problem&); }

}  // namespace raas
