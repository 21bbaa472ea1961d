#pragma once
#include "device.cuh"

/**
 * One block's tile of a matrix product on tensor cores: y[M][N] += x[M][K...] · w[N][K...]ᵀ. Both operands come with
 * asynchronous copies through a ring of stages in shared memory; 16-byte chunks of a row are permuted by the row, so that
 * neither the copies nor ldmatrix meet in a bank. Each warp holds WARP_M x WARP_N sums in registers, and loads the
 * fragments of the next 16 values of k while it multiplies those of the last.
 */
namespace raas::RAAS_DEVICE {

template <int M_, int N_, int K_, int WARPS_M_, int WARPS_N_>
struct Tile {
  static constexpr int M = M_, N = N_, K = K_;  // K: of one stage
  static constexpr int STAGES = 4, WARPS_M = WARPS_M_, WARPS_N = WARPS_N_, THREADS = 32 * WARPS_M * WARPS_N;
  static constexpr int WARP_M = M / WARPS_M, WARP_N = N / WARPS_N, ROWS = WARP_M / 16, COLUMNS = WARP_N / 8;
  static constexpr int CHUNKS = K / 8, STAGE_CHUNKS = (M + N) * CHUNKS;
  static constexpr size_t SHARED_BYTES = size_t(STAGES) * STAGE_CHUNKS * 16;
  static_assert(CHUNKS == 4 || CHUNKS == 8);
  static_assert(M * CHUNKS % THREADS == 0 && N * CHUNKS % THREADS == 0 && COLUMNS % 4 == 0);

  /** Where a stage keeps chunk `chunk` of row `row` of an operand. */
  __device__ static int place(int row, int chunk) {
    return row * CHUNKS + (CHUNKS == 8 ? chunk ^ (row & 7) : chunk ^ ((row >> 1) & 3));
  }

  float sums[ROWS][COLUMNS][4] = {};

  /** Adds the products of columns [from, to) · K of the operands; rows and columns outside of them count as zeros. */
  __device__ void multiply(uint4* shared, const uint16_t* x, const uint16_t* w, int row, int column, int m, int n, int k, int from, int to) {
    const int lane = int(threadIdx.x) % 32, warp = int(threadIdx.x) / 32;
    const int warp_row = warp / WARPS_N * WARP_M, warp_column = warp % WARPS_N * WARP_N;
    for (int stage = 0; stage < STAGES - 1; stage++) {
      if (from + stage < to) load(shared + stage * STAGE_CHUNKS, x, w, row, column, m, n, k, from + stage);
      copy_async_commit();
    }
    for (int step = from; step < to; step++) {
      copy_async_wait<STAGES - 2>();
      // After this barrier the step's stage is there for all, and nobody reads the one before, which is loaded next.
      __syncthreads();
      const int ahead = step + STAGES - 1;
      if (ahead < to) load(shared + (ahead - from) % STAGES * STAGE_CHUNKS, x, w, row, column, m, n, k, ahead);
      copy_async_commit();
      const uint4* const xs = shared + (step - from) % STAGES * STAGE_CHUNKS;
      const uint4* const ws = xs + M * CHUNKS;
      uint32_t a[2][ROWS][4], b[2][COLUMNS / 2][4];
      fragments(a[0], b[0], xs, ws, warp_row, warp_column, lane, 0);
      UNROLL for (int i = 0; i < K / 16; i++) {
        if (i + 1 < K / 16) fragments(a[(i + 1) % 2], b[(i + 1) % 2], xs, ws, warp_row, warp_column, lane, i + 1);
        UNROLL for (int r = 0; r < ROWS; r++)
          UNROLL for (int c = 0; c < COLUMNS; c++) {
            const uint32_t pair[2] = {b[i % 2][c / 2][c % 2 * 2], b[i % 2][c / 2][c % 2 * 2 + 1]};
            mma_16x8x16(sums[r][c], a[i % 2][r], pair);
          }
      }
    }
    copy_async_wait<0>();
  }

  /** Writes the sums as bf16: lanes of a row trade pairs so that each stores 16 bytes. */
  __device__ void store(uint16_t* y, int row, int column, int m, int n) const {
    const int lane = int(threadIdx.x) % 32, warp = int(threadIdx.x) / 32, part = lane % 4;
    const int first_row = row + warp / WARPS_N * WARP_M + lane / 4, first_column = column + warp % WARPS_N * WARP_N;
    UNROLL for (int r = 0; r < ROWS; r++)
      UNROLL for (int half = 0; half < 2; half++)
        UNROLL for (int c = 0; c < COLUMNS; c += 4) {
          uint32_t words[4];
          UNROLL for (int i = 0; i < 4; i++) words[i] = pack_bf16(sums[r][c + i][2 * half], sums[r][c + i][2 * half + 1]);
          trade(words, part);
          const int at_row = first_row + 16 * r + 8 * half, at_column = first_column + 8 * (c + part);
          if (at_row < m && at_column < n)
            *reinterpret_cast<uint4*>(y + size_t(at_row) * n + at_column) = make_uint4(words[0], words[1], words[2], words[3]);
        }
  }

 private:
  __device__ static void load(uint4* stage, const uint16_t* x, const uint16_t* w, int row, int column, int m, int n, int k, int step) {
    constexpr int ROWS_AT_ONCE = THREADS / CHUNKS;
    const int own_row = int(threadIdx.x) / CHUNKS, chunk = int(threadIdx.x) % CHUNKS, at = step * K + 8 * chunk;
    const bool inside = at < k;
    UNROLL for (int i = 0; i < M / ROWS_AT_ONCE; i++) {
      const int r = own_row + i * ROWS_AT_ONCE;
      const bool valid = inside && row + r < m;
      copy_async_16(stage + place(r, chunk), x + (valid ? size_t(row + r) * k + at : 0), valid);
    }
    UNROLL for (int i = 0; i < N / ROWS_AT_ONCE; i++) {
      const int r = own_row + i * ROWS_AT_ONCE;
      const bool valid = inside && column + r < n;
      copy_async_16(stage + M * CHUNKS + place(r, chunk), w + (valid ? size_t(column + r) * k + at : 0), valid);
    }
  }

  __device__ static void fragments(uint32_t (&a)[ROWS][4], uint32_t (&b)[COLUMNS / 2][4], const uint4* xs, const uint4* ws, int warp_row,
                                   int warp_column, int lane, int i) {
    UNROLL for (int r = 0; r < ROWS; r++) load_matrices(a[r], xs + place(warp_row + 16 * r + lane % 16, 2 * i + lane / 16));
    UNROLL for (int c = 0; c < COLUMNS / 2; c++)
      load_matrices(b[c], ws + place(warp_column + 16 * c + lane % 8 + lane / 16 * 8, 2 * i + lane / 8 % 2));
  }

  /** Transposes 4 x 4 words of four neighbouring lanes: word i of lane j becomes word j of lane i. */
  __device__ static void trade(uint32_t (&words)[4], int part) {
    UNROLL for (int bit = 1; bit <= 2; bit *= 2)
      UNROLL for (int i = 0; i < 4; i++) {
        if (i & bit) continue;
        const bool upper = part & bit;
        const uint32_t got = __shfl_xor_sync(0xffffffffu, upper ? words[i] : words[i + bit], bit);
        (upper ? words[i] : words[i + bit]) = got;
      }
  }
};

}  // namespace raas::RAAS_DEVICE
