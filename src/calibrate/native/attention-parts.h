#pragma once
#include "paged-kv.h"

namespace raas {

/**
 * Scratch memory of an attention whose blocks each take a part of a list of pages of a pair (sequence, KV head): sums of
 * values, peaks and totals of each part, and a ticket counter a pair, which is zero before and after a run.
 */
struct AttentionParts {
  static constexpr int64_t IN_ALL = 2048;       // several blocks for every multiprocessor there is
  static constexpr int64_t ROWS_OF_PAIR = 4096;  // whose totals are put together in 32 KB of shared memory
  AttentionParts(int64_t pairs, int64_t group, int64_t head_dim, int64_t pages)
      : pairs(pairs),
        most(std::clamp<int64_t>((IN_ALL + pairs - 1) / pairs, 1, std::min(pages, ROWS_OF_PAIR / group))),
        rows(size_t(pairs * most * group)),
        head_dim(head_dim) {}
  std::vector<Array> arrays() const {
    return {{"partSums", Type::f32, rows * size_t(head_dim), Role::scratch},
            {"partTotals", Type::f32, rows * 2, Role::scratch},
            {"tickets", Type::i32, size_t(pairs), Role::state}};
  }
  /** Starts the tickets, the array at `first` + 2. */
  static void fill(HostArrays& arrays, size_t first) { std::fill(arrays[first + 2].begin(), arrays[first + 2].end(), 0); }

  const int64_t pairs, most;  // parts of a pair
  const size_t rows;
  const int64_t head_dim;
};

}  // namespace raas
