#pragma once
#include "attention-parts.h"
#include "exact-attention.h"
#include "error-norm.h"
#include "head-group.h"
#include "page-representatives.h"

namespace raas {

/**
 * A decode step of RaaS (arXiv 2502.11147, its second version) in steady state, budget full: the new key and value join
 * the newest page or open one, which is stamped; all pages held are scored by Quest's bound, but those of the prompt, which
 * are pinned, and the best half of them is stamped with the step; attention over all that is held; where a page was opened,
 * the one with the oldest stamp (of equal ones the older) leaves, never the newest, and its memory takes the next page.
 *
 * One run is one step of every sequence and leaves the state ready for the next: it may be repeated without end. A
 * sequence opens a page and evicts one in every 16th run. Of 16 sequences each begins at another place in its page, so that
 * in a large batch every run pays for the average of evictions; of a small one 16 runs are a whole cycle.
 *
 * Shape: sequences, budget (tokens held, a multiple of 16; how many a sequence has seen beyond them costs nothing and is no
 * size), prompt (tokens of them pinned, at most budget - 32), queryHeads, kvHeads, headDim (64 or 128), scattered (1: every
 * head has its pages in another order, as evictions of its own leave them).
 * Arrays: q bf16 [sequences][queryHeads][headDim]; newKeys and newValues bf16 [sequences][kvHeads][headDim]; k and v bf16
 * [sequences · slots][16][kvHeads][headDim] with slots = budget / 16 + 1; representatives bf16 [sequences · slots][kvHeads][2]
 * [headDim]; pages i32 [sequences][kvHeads][slots], those held from the oldest to the newest, the free one last; stamps i32
 * alike; lengths i32 [sequences], tokens before this step; out as q; tickets (zero before and after) and scratch.
 * Bytes: keys and values of the tokens held (6.5 less than the budget on average over 16 steps); representatives of the
 * pages that are scored; q, out, pages and stamps once, stamps once more to write them; the new key and value read and written.
 * FLOPs: 4 · queryHeads · headDim a token held, 4 · kvHeads · headDim a page scored.
 */
class RaasStep : public Problem {
 public:
  explicit RaasStep(const Shape& shape)
      : group(group_of(shape)),
        sequences(size_in(shape, "sequences")),
        kv_heads(size_in(shape, "kvHeads")),
        head_dim(size_among(shape, "headDim", {64, 128})),
        held_pages(size_multiple(shape, "budget", PAGE_TOKENS) / PAGE_TOKENS),
        pinned((size_in(shape, "prompt", 0) + PAGE_TOKENS - 1) / PAGE_TOKENS),
        scattered(size_among(shape, "scattered", {0, 1}) == 1),
        slots(held_pages + 1),
        parts(sequences * kv_heads, group, head_dim, slots) {
    if (pinned + 2 > held_pages)
      throw Error("prompt " + std::to_string(shape.at("prompt")) + " is not allowed; expected two pages of 16 less than the budget");
  }
  enum : size_t { Q, NEW_KEYS, NEW_VALUES, K, V, REPRESENTATIVES, PAGES, STAMPS, LENGTHS, SEQUENCE_TICKETS, OUT, SCORES, PARTS };
  std::vector<Array> arrays() const override {
    const size_t pairs = size_t(parts.pairs), row = size_t(head_dim), held = pairs * size_t(slots), batch = size_t(sequences);
    std::vector<Array> all = {{"q", Type::bf16, pairs * size_t(group) * row, Role::input},
                              {"newKeys", Type::bf16, pairs * row, Role::input},
                              {"newValues", Type::bf16, pairs * row, Role::input},
                              {"k", Type::bf16, held * size_t(PAGE_TOKENS) * row, Role::state},
                              {"v", Type::bf16, held * size_t(PAGE_TOKENS) * row, Role::state},
                              {"representatives", Type::bf16, held * 2 * row, Role::state},
                              {"pages", Type::i32, held, Role::state},
                              {"stamps", Type::i32, held, Role::state},
                              {"lengths", Type::i32, batch, Role::state},
                              {"sequenceTickets", Type::i32, batch, Role::state},
                              {"out", Type::bf16, pairs * size_t(group) * row, Role::output},
                              {"scores", Type::f32, held, Role::scratch}};
    for (const Array& array : parts.arrays()) all.push_back(array);
    return all;
  }
  Work work() const override {
    const double tokens = double(held_pages * PAGE_TOKENS) - 6.5, scored = double(held_pages - pinned) + 1.0 / PAGE_TOKENS, row = double(head_dim);
    const double a_pair = 4 * row * (tokens + scored + double(group) + 2) + 12 * double(held_pages);
    return {double(parts.pairs) * a_pair, double(parts.pairs) * 4 * row * (double(group) * tokens + scored)};
  }
  void fill(HostArrays& arrays, Random& random) const override {
    for (const size_t array : {size_t(Q), size_t(NEW_KEYS), size_t(NEW_VALUES)})
      NormalValues(Type::bf16, 1, random).fill(arrays[array].data(), arrays[array].size() / 2);
    NormalValues values(Type::bf16, 1, random);
    auto* const lengths = of<int32_t>(arrays, LENGTHS);
    std::vector<int32_t> memory(static_cast<size_t>(sequences * slots));
    std::iota(memory.begin(), memory.end(), 0);
    if (scattered) std::shuffle(memory.begin(), memory.end(), random);
    const int64_t first = int64_t(random() % PAGE_TOKENS);
    for (int64_t sequence = 0; sequence < sequences; sequence++) {
      const auto own = memory.begin() + sequence * slots;
      const int64_t in_newest = lengths[sequence] = int32_t(held_pages * PAGE_TOKENS + (first + sequence) % PAGE_TOKENS);
      for (int64_t head = 0; head < kv_heads; head++) {
        if (scattered) std::shuffle(own, own + slots, random);
        const int64_t pair = sequence * kv_heads + head;
        std::copy(own, own + slots, of<int32_t>(arrays, PAGES) + pair * slots);
        fill_head(arrays, pair, in_newest % PAGE_TOKENS, values, random);
      }
    }
    std::fill(arrays[SEQUENCE_TICKETS].begin(), arrays[SEQUENCE_TICKETS].end(), 0);
    AttentionParts::fill(arrays, PARTS);
  }
  Agreement compare(const HostArrays& before, const HostArrays& after, Random& random) const override {
    if (after[SEQUENCE_TICKETS] != before[SEQUENCE_TICKETS] || after[PARTS + 2] != before[PARTS + 2]) throw Error("tickets are not back at zero");
    for (int64_t i = 0; i < sequences; i++)
      if (of<int32_t>(after, LENGTHS)[i] != of<int32_t>(before, LENGTHS)[i] + 1) throw Error("a length did not grow by one");
    ErrorNorm error;
    Sample sample(compared_pairs(double(held_pages * PAGE_TOKENS), group, head_dim), size_t(parts.pairs), random);
    for (int64_t pair = 0; pair < parts.pairs; pair++) {
      for (int64_t i = 0; i < group * head_dim; i++) error.look_at(from_bf16(of<uint16_t>(after, OUT)[pair * group * head_dim + i]));
      if (!sample.takes_next()) continue;
      compare_state(before, after, pair);
      compare_out(before, after, pair, error);
    }
    return error.agreement();
  }
  template <typename T>
  static T* of(HostArrays& arrays, size_t array) { return reinterpret_cast<T*>(arrays[array].data()); }
  template <typename T>
  static const T* of(const HostArrays& arrays, size_t array) { return reinterpret_cast<const T*>(arrays[array].data()); }
  /** Where the row of a token of a page, K or V, and where a page's representative begin. */
  int64_t token_at(int64_t page, int64_t token, int64_t head) const { return ((page * PAGE_TOKENS + token) * kv_heads + head) * head_dim; }
  int64_t representative_at(int64_t page, int64_t head) const { return (page * kv_heads + head) * 2 * head_dim; }

  const int64_t group, sequences, kv_heads, head_dim, held_pages, pinned;  // pages held between steps, pinned of them
  const bool scattered;
  const int64_t slots;  // pages that a sequence has in memory: one more, for a step that opens one
  const AttentionParts parts;

 private:
  /** Keys and values of the pages held; what is free stays as it was, which is to be no number. */
  void fill_head(HostArrays& arrays, int64_t pair, int64_t in_newest, NormalValues& values, Random& random) const {
    const int64_t head = pair % kv_heads, length = of<int32_t>(arrays, LENGTHS)[pair / kv_heads];
    // Half of the pages are stamped in a step: the older a stamp, the fewer pages have it.
    std::geometric_distribution<int32_t> age(0.5);
    for (int64_t i = 0; i < slots; i++) {
      const int64_t page = of<int32_t>(arrays, PAGES)[pair * slots + i];
      const int64_t tokens = i == held_pages ? 0 : i == held_pages - 1 && in_newest > 0 ? in_newest : PAGE_TOKENS;
      for (int64_t token = 0; token < tokens; token++)
        for (const size_t array : {size_t(K), size_t(V)})
          values.fill(arrays[array].data() + 2 * token_at(page, token, head), size_t(head_dim));
      if (tokens > 0)
        represent(of<uint16_t>(arrays, K) + token_at(page, 0, head), tokens, size_t(kv_heads * head_dim), head_dim,
                  of<uint16_t>(arrays, REPRESENTATIVES) + representative_at(page, head));
      of<int32_t>(arrays, STAMPS)[pair * slots + i] = i < pinned || tokens == 0 ? 0 : std::max<int32_t>(0, int32_t(length) - 1 - age(random));
    }
  }

  struct Step {  // of one head
    int64_t sequence, head, position, offset, held, newest;  // held: pages during the step
    const int32_t* pages;                                    // before the step
  };
  Step step_of(const HostArrays& before, int64_t pair) const {
    const int64_t position = of<int32_t>(before, LENGTHS)[pair / kv_heads], offset = position % PAGE_TOKENS, held = held_pages + (offset == 0);
    return {pair / kv_heads, pair % kv_heads, position, offset, held, held - 1, of<int32_t>(before, PAGES) + pair * slots};
  }

  /** Throws Error unless the cache, pages and stamps of a head are as the step must leave them, but for what rounding may do. */
  void compare_state(const HostArrays& before, const HostArrays& after, int64_t pair) const {
    const Step step = step_of(before, pair);
    const auto same = [&](size_t array, int64_t at, size_t other, const HostArrays& there, int64_t from, int64_t count) {
      if (std::memcmp(of<uint16_t>(after, array) + at, of<uint16_t>(there, other) + from, size_t(2 * count)) != 0)
        throw Error(arrays()[array].name + " is not as the step must leave it");
    };
    std::vector<double> scores;
    for (int64_t i = 0; i < step.held; i++) {
      const int64_t page = step.pages[i], filled = i == step.newest ? step.offset : PAGE_TOKENS, at = representative_at(page, step.head);
      for (int64_t token = 0; token < filled; token++)
        for (const size_t array : {size_t(K), size_t(V)})
          same(array, token_at(page, token, step.head), array, before, token_at(page, token, step.head), head_dim);
      if (i == step.newest) {
        same(K, token_at(page, step.offset, step.head), NEW_KEYS, before, pair * head_dim, head_dim);
        same(V, token_at(page, step.offset, step.head), NEW_VALUES, before, pair * head_dim, head_dim);
        HostArrays exact = {std::vector<unsigned char>(size_t(4 * head_dim))};
        represent(of<uint16_t>(after, K) + token_at(page, 0, step.head), step.offset + 1, size_t(kv_heads * head_dim), head_dim, of<uint16_t>(exact, 0));
        same(REPRESENTATIVES, at, 0, exact, 0, 2 * head_dim);
      } else {
        same(REPRESENTATIVES, at, REPRESENTATIVES, before, at, 2 * head_dim);
      }
      if (i >= pinned)
        scores.push_back(page_bound(of<uint16_t>(before, Q) + pair * group * head_dim, group, of<uint16_t>(after, REPRESENTATIVES) + at, head_dim));
    }
    compare_stamps(before, after, pair, scores);
  }

  /** `scores`: of the pages held that are not pinned. */
  void compare_stamps(const HostArrays& before, const HostArrays& after, int64_t pair, const std::vector<double>& scores) const {
    const Step step = step_of(before, pair);
    const auto *const old = of<int32_t>(before, STAMPS) + pair * slots, *const stamps = of<int32_t>(after, STAMPS) + pair * slots;
    const int32_t* const pages = of<int32_t>(after, PAGES) + pair * slots;
    const bool opened = step.offset == 0;
    // Where a page was opened another one has left: it lies behind those that are held.
    const int64_t victim = opened ? std::find(step.pages, step.pages + slots, pages[held_pages]) - step.pages : step.held;
    if (opened && (victim < pinned || victim >= step.newest)) throw Error("a page left that may not");
    const auto place = [&](int64_t i) { return i < victim ? i : i - 1; };  // of a page after the step
    std::vector<double> in_order = scores;
    std::sort(in_order.begin(), in_order.end(), std::greater<>());
    const double limit = in_order[(scores.size() + 1) / 2 - 1], unsure = 1e-5 * std::fabs(in_order[0]);
    const auto used = [&](int64_t i) { return i >= pinned && scores[size_t(i - pinned)] > limit + unsure; };
    const auto unused = [&](int64_t i) { return i < pinned || scores[size_t(i - pinned)] < limit - unsure; };
    const auto is_new = [&](int64_t i) { return opened && i == step.newest; };
    const int64_t lost = opened ? used(victim) ? step.position : old[victim] : 0;
    int64_t stamped = 0, doubtful = opened;
    for (int64_t i = 0; i < step.held; i++) {
      if (i == victim) continue;
      const int64_t stamp = stamps[place(i)];
      if (pages[place(i)] != step.pages[i]) throw Error("pages are not in the order of their age");
      if (stamp == step.position ? unused(i) && !is_new(i) : used(i) || is_new(i) || stamp != old[i]) throw Error("a stamp is wrong");
      if (opened && i >= pinned && i < step.newest && (stamp < lost || (stamp == lost && i < victim)) && !(unused(victim) == used(victim)))
        throw Error("a page left before one with an older stamp");
      if (is_new(i)) doubtful++;
      else stamped += stamp == step.position;
    }
    const int64_t wanted = int64_t(scores.size() + 1) / 2;
    if (stamped > wanted || stamped < wanted - doubtful) throw Error("not half of the pages were stamped");
  }

  void compare_out(const HostArrays& before, const HostArrays& after, int64_t pair, ErrorNorm& error) const {
    const Step step = step_of(before, pair);
    const auto value = [&](size_t array, int64_t i, int64_t c) {
      return from_bf16(of<uint16_t>(after, array)[token_at(step.pages[i / PAGE_TOKENS], i % PAGE_TOKENS, step.head) + c]);
    };
    for (int64_t member = 0; member < group; member++) {
      const int64_t at = (pair * group + member) * head_dim;
      const ExactAttention exact(of<uint16_t>(before, Q) + at, head_dim, step.newest * PAGE_TOKENS + step.offset + 1,
                                     [&](int64_t i, int64_t c) { return value(K, i, c); }, [&](int64_t i, int64_t c) { return value(V, i, c); });
      for (int64_t c = 0; c < head_dim; c++) error.add(from_bf16(of<uint16_t>(after, OUT)[at + c]), exact.out[size_t(c)]);
    }
  }
};

namespace cuda { Run raas_step(const Problem&); }
namespace emulated { Run raas_step(const Problem&); }
namespace cpu { Run raas_step(const Problem&); }

}  // namespace raas
