#pragma once
#include "device.cuh"
#include "paged-kv.h"

namespace raas::RAAS_DEVICE {

constexpr int PREFILL_THREADS = 128;
constexpr int TILE_KEYS = 64;

/**
 * A tile in shared memory: rows of D bfloat16 values in chunks of 16 bytes. Chunk c of row r lies in place c ^ (r % 8), so
 * that 8 rows' chunk c, which ldmatrix reads at once, lie in different banks.
 */
template <int D>
__device__ uint16_t* tile_chunk(uint16_t* tile, int row, int chunk) { return tile + row * D + (chunk ^ (row & 7)) * 8; }

/** Makes the compiler believe that a value may have changed. */
__device__ inline void forget(int& value) { asm volatile("" : "+r"(value)); }

/** Copies the keys or values of a KV head's tile out of their pages; each thread waits for its own chunks. */
template <int D, bool FP8>
struct PageTileLoader {
  static constexpr int CHUNKS = D * (FP8 ? 1 : 2) / 16;  // of a row as stored
  static constexpr int ROWS = PREFILL_THREADS / CHUNKS;  // that the threads copy at once
  static constexpr int PAGE_ROWS = ROWS < PAGE_TOKENS ? int(PAGE_TOKENS) : ROWS;
  static constexpr int IDS = TILE_KEYS / PAGE_ROWS;  // pages that a thread's chunks lie in
  static constexpr size_t STAGE_BYTES = FP8 ? size_t(TILE_KEYS) * D : 0;

  const int32_t* table;
  int length;            // of the sequence
  uint32_t token_bytes;  // from token to token
  int row, chunk;

  __device__ PageTileLoader(const int32_t* table, int length, int kv_heads)
      : table(table), length(length), token_bytes(uint32_t(kv_heads * D * (FP8 ? 1 : 2))), row(int(threadIdx.x) / CHUNKS), chunk(int(threadIdx.x) % CHUNKS) {}

  __device__ void find_pages(int (&ids)[IDS], int tile) const {
    UNROLL
    for (int i = 0; i < IDS; i++)
      ids[i] = __ldg(table + min((tile * TILE_KEYS + i * PAGE_ROWS + row) / int(PAGE_TOKENS), (length - 1) / int(PAGE_TOKENS)));
  }
  /** Starts the copy: to the tile itself, or as it is stored to `stage`. Rows behind the last key become zeros. */
  __device__ void start(uint16_t* tile, unsigned char* stage, const unsigned char* head, const int (&ids)[IDS], int first) const {
    UNROLL
    for (int i = 0; i < TILE_KEYS / ROWS; i++) {
      const int own = row + i * ROWS;
      const unsigned char* const from = head + (size_t(ids[i * ROWS / PAGE_ROWS]) * PAGE_TOKENS + own % PAGE_TOKENS) * token_bytes + 16 * chunk;
      void* const to = FP8 ? static_cast<void*>(stage + (own * CHUNKS + chunk) * 16) : static_cast<void*>(tile_chunk<D>(tile, own, chunk));
      copy_async_16(to, from, first + own < length);
    }
    copy_async_commit();
  }
  /** Waits for the own chunks; a barrier has to follow. */
  __device__ void finish(uint16_t* tile, const unsigned char* stage) const {
    copy_async_wait<0>();
    if constexpr (FP8) {
      UNROLL
      for (int i = 0; i < TILE_KEYS / ROWS; i++) {
        const int own = row + i * ROWS;
        const uint4 stored = *reinterpret_cast<const uint4*>(stage + (own * CHUNKS + chunk) * 16);
        uint32_t pairs[4][2];
        fp8_to_bf16(pairs[0], stored.x), fp8_to_bf16(pairs[1], stored.y), fp8_to_bf16(pairs[2], stored.z), fp8_to_bf16(pairs[3], stored.w);
        *reinterpret_cast<uint4*>(tile_chunk<D>(tile, own, 2 * chunk)) = make_uint4(pairs[0][0], pairs[0][1], pairs[1][0], pairs[1][1]);
        *reinterpret_cast<uint4*>(tile_chunk<D>(tile, own, 2 * chunk + 1)) = make_uint4(pairs[2][0], pairs[2][1], pairs[3][0], pairs[3][1]);
      }
    }
  }
};

}  // namespace raas::RAAS_DEVICE
