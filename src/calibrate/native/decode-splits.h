#pragma once
#include <algorithm>
#include <cmath>
#include "decode-attention.h"

namespace raas {

/**
 * Pages of the parts that sequences are split into, so that the last block ends soonest. Time is counted in pages that a
 * block reads meanwhile; `slots` blocks run at once, and a block reads `round_bytes` in a round of its warps.
 */
inline int split_pages(const DecodeAttention& p, int round_bytes, int head_tiles, int slots) {
  const PagedKv& kv = p.kv;
  const double page_bytes = 2.0 * PAGE_TOKENS * double(kv.head_dim) * double(kv.size_of_format());
  const double start_pages = round_bytes / 2 / page_bytes;  // until a block's first tile is there
  const double result_pages = 8.0 * double(kv.head_dim * p.query_heads / kv.kv_heads) / page_bytes;  // a part's result, written and read
  constexpr double PART_PAGES = 0.05;  // what the block that puts the parts together needs for each
  const int64_t unit = std::max<int64_t>(1, int64_t(round_bytes / page_bytes));
  int64_t best = 0;
  double least = INFINITY;
  for (int64_t pages = (p.least_split_pages() + unit - 1) / unit * unit; best == 0 || pages < kv.max_pages + unit; pages += unit) {
    int64_t blocks = 0;
    for (const int64_t length : kv.lengths) blocks += (PagedKv::pages_of(length) + pages - 1) / pages;
    const double waves = std::ceil(double(blocks * kv.kv_heads * head_tiles) / slots);
    const double splits = std::ceil(double(kv.max_pages) / double(pages));
    const double cost = waves * (double(std::min(pages, kv.max_pages)) + start_pages + (splits > 1 ? result_pages : 0)) + (splits > 1 ? PART_PAGES * splits : 0);
    if (cost < least) least = cost, best = pages;
  }
  return int(best);
}

}  // namespace raas
