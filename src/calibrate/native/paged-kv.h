#pragma once
#include <algorithm>
#include <numeric>
#include "kernel.h"
#include "numbers.h"
#include "random-values.h"
#include "sizes.h"

namespace raas {

constexpr int64_t PAGE_TOKENS = 16;

/**
 * The KV cache of a batch in pages of 16 tokens, as vLLM keeps it for FlashAttention: K and V apart, each
 * [pages][16][kvHeads][headDim], with one scale for all of K and one for all of V (value = scale · stored).
 * Sizes read from a shape: sequences, kvHeads, headDim, and
 *   kvFormat   0 bf16 (scales are 1), 1 fp8 E4M3
 *   scattered  0: a sequence's pages follow each other in memory, and sequences too; 1: pages lie in random order
 *   ragged     0: every sequence has `context` keys (and `added`); 1: from context / 2 to 3 · context / 2 in even steps, so
 *              that the sum is as before, dealt to the sequences at random
 * Table entries behind a sequence's last page are -1 and slots behind its last key NaN (480 in fp8 read without care): a
 * kernel that lets them count shows it.
 */
class PagedKv {
 public:
  PagedKv(const Shape& shape, int64_t context, int64_t added)
      : sequences(size_in(shape, "sequences")),
        kv_heads(size_in(shape, "kvHeads")),
        head_dim(size_in(shape, "headDim")),
        format(size_among(shape, "kvFormat", {0, 1}) == 1 ? Type::fp8 : Type::bf16),
        scattered(size_among(shape, "scattered", {0, 1}) == 1) {
    const bool ragged = size_among(shape, "ragged", {0, 1}) == 1;
    for (int64_t i = 0; i < sequences; i++) {
      const int64_t cached = ragged ? context / 2 + context * (2 * i + 1) / (2 * sequences) : context;
      lengths.push_back(std::max<int64_t>(1, cached + added));
      pages += pages_of(lengths.back());
    }
    keys = std::accumulate(lengths.begin(), lengths.end(), int64_t(0));
    max_pages = pages_of(lengths.back());
    if (pages > INT32_MAX || sequences * max_pages > INT32_MAX)
      throw Error(std::to_string(pages) + " pages of KV are not allowed; expected fewer than 2^31");
  }

  static int64_t pages_of(int64_t tokens) { return (tokens + PAGE_TOKENS - 1) / PAGE_TOKENS; }
  /** Values of K (and again of V) of one token. */
  size_t token_values() const { return size_t(kv_heads * head_dim); }
  /** Bytes of K and V of all keys, and of the table and the lengths that lead to them. */
  double bytes_read() const {
    return 2.0 * double(keys) * double(token_values() * size_of_format()) + 4.0 * double(pages + sequences);
  }
  size_t size_of_format() const { return raas::size_of(format); }

  /** K, V, scales (of K, of V), page table and lengths: five arrays in this order; `role` is that of K and V. */
  std::vector<Array> arrays(Role role = Role::input) const {
    const size_t values = size_t(pages * PAGE_TOKENS) * token_values();
    return {{"k", format, values, role},
            {"v", format, values, role},
            {"scales", Type::f32, 2, Role::input},
            {"pageTable", Type::i32, size_t(sequences * max_pages), Role::input},
            {"lengths", Type::i32, size_t(sequences), Role::input}};
  }
  /** Deals lengths to the sequences and pages to each; table entries behind a sequence's last page are -1. */
  void deal(int32_t* table, int32_t* length, Random& random) const {
    std::vector<int32_t> order(static_cast<size_t>(pages));
    std::iota(order.begin(), order.end(), 0);
    if (scattered) std::shuffle(order.begin(), order.end(), random);
    std::vector<int64_t> dealt = lengths;
    std::shuffle(dealt.begin(), dealt.end(), random);
    size_t next = 0;
    for (int64_t i = 0; i < sequences; i++) {
      length[i] = int32_t(dealt[size_t(i)]);
      std::fill_n(table + i * max_pages, max_pages, -1);
      for (int64_t page = 0; page < pages_of(length[i]); page++) table[i * max_pages + page] = order[next++];
    }
  }
  /** Fills the five arrays, which start at `first`. */
  void fill(HostArrays& arrays, size_t first, Random& random) const {
    const float scales[2] = {format == Type::fp8 ? 0.0625f : 1, format == Type::fp8 ? 0.03125f : 1};
    std::memcpy(arrays[first + 2].data(), scales, sizeof scales);
    auto* const table = reinterpret_cast<int32_t*>(arrays[first + 3].data());
    auto* const length = reinterpret_cast<int32_t*>(arrays[first + 4].data());
    deal(table, length, random);
    NormalValues k(format, 1 / scales[0], random), v(format, 1 / scales[1], random);
    for (int64_t i = 0; i < sequences; i++)
      for (int64_t from = 0; from < length[i]; from += PAGE_TOKENS) {
        const int32_t page = table[i * max_pages + from / PAGE_TOKENS];
        const size_t at = size_t(page * PAGE_TOKENS) * token_values() * size_of_format();
        const size_t count = size_t(std::min(PAGE_TOKENS, length[i] - from)) * token_values();
        k.fill(&arrays[first][at], count);
        v.fill(&arrays[first + 1][at], count);
      }
  }

  const int64_t sequences, kv_heads, head_dim;
  const Type format;  // of K and V
  const bool scattered;
  std::vector<int64_t> lengths;  // keys of each sequence, ascending; which sequence has which is drawn by fill
  int64_t max_pages = 0;         // of a sequence: the width of the page table
  int64_t pages = 0, keys = 0;   // of all sequences
};

/** Reads K and V of a cache on the host, for references. */
class PagedKvReader {
 public:
  PagedKvReader(const PagedKv& kv, const HostArrays& arrays, size_t first)
      : kv_(kv), k_(arrays[first].data()), v_(arrays[first + 1].data()),
        scales_(reinterpret_cast<const float*>(arrays[first + 2].data())),
        table_(reinterpret_cast<const int32_t*>(arrays[first + 3].data())),
        lengths_(reinterpret_cast<const int32_t*>(arrays[first + 4].data())) {}
  int64_t length(int64_t sequence) const { return lengths_[sequence]; }
  /** Token slot, counted over all pages, of a key of a sequence. */
  int64_t slot(int64_t sequence, int64_t key) const {
    return int64_t(table_[sequence * kv_.max_pages + key / PAGE_TOKENS]) * PAGE_TOKENS + key % PAGE_TOKENS;
  }
  double k(int64_t slot, int64_t head, int64_t dim) const { return scales_[0] * stored(k_, slot, head, dim); }
  double v(int64_t slot, int64_t head, int64_t dim) const { return scales_[1] * stored(v_, slot, head, dim); }

 private:
  double stored(const unsigned char* pages, int64_t slot, int64_t head, int64_t dim) const {
    const size_t at = (size_t(slot) * size_t(kv_.kv_heads) + size_t(head)) * size_t(kv_.head_dim) + size_t(dim);
    if (kv_.format == Type::fp8) return from_fp8(pages[at]);
    uint16_t bits;
    std::memcpy(&bits, pages + 2 * at, 2);
    return from_bf16(bits);
  }

  const PagedKv& kv_;
  const unsigned char *k_, *v_;
  const float* scales_;
  const int32_t *table_, *lengths_;
};

}  // namespace raas
