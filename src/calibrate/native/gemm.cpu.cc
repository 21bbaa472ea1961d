#include "cpu-vector.h"
#include "gemm.h"
#include "numbers.h"
#include "threads.h"

/**
 * Few tokens: rows of w against rows of x, lanes along k, as w is read only once: bound by bandwidth up to about four.
 * More: lanes along m over x turned once into panels [k][tokens of a panel] of floats; a tile of sums stays in registers
 * while a block of k runs through it, and takes one value of w for each of its rows. Bound by multiplications.
 */
namespace raas::cpu {
namespace {

constexpr int FEW = 2 * LANES;  // tokens from which on panels are worth their turning

constexpr int DOT_ROWS = 4;                             // of w at once
constexpr int DOT_TOKENS = REGISTERS == 32 ? 6 : 2;     // and of x
constexpr int TILE_ROWS = REGISTERS == 32 ? 8 : 6;      // of w in a tile of sums
constexpr int TILE_VECTORS = REGISTERS == 32 ? 3 : 2;   // and tokens, in vectors
constexpr int64_t PANEL = TILE_VECTORS * LANES;
constexpr int64_t BLOCK_K = 256;
constexpr int64_t BLOCK_ROWS = 4 * 48;                  // a multiple of both TILE_ROWS
constexpr int64_t BLOCK_TOKENS = 8 * PANEL;             // sums of a block stay in the second-level cache

template <int TOKENS>
void dots(const float* x, const uint16_t* w, uint16_t* y, int64_t n, int64_t k) {
  Vector sums[TOKENS][DOT_ROWS] = {};
  int64_t i = 0;
  for (; i + LANES <= k; i += LANES) {
    Vector rows[DOT_ROWS];
    for (int row = 0; row < DOT_ROWS; row++) rows[row] = load_bf16(w + row * k + i);
    for (int token = 0; token < TOKENS; token++) {
      const Vector values = load(x + token * k + i);
      for (int row = 0; row < DOT_ROWS; row++) sums[token][row] += values * rows[row];
    }
  }
  for (int token = 0; token < TOKENS; token++)
    for (int row = 0; row < DOT_ROWS; row++) {
      float sum = sum_of(sums[token][row]);
      for (int64_t j = i; j < k; j++) sum += x[token * k + j] * from_bf16(w[row * k + j]);
      y[token * n + row] = to_bf16(sum);
    }
}

/** dots<TOKENS> by a count that is known at run time only. */
template <int TOKENS = DOT_TOKENS>
void dots(int64_t tokens, const float* x, const uint16_t* w, uint16_t* y, int64_t n, int64_t k) {
  if constexpr (TOKENS > 1)
    if (tokens < TOKENS) return dots<TOKENS - 1>(tokens, x, w, y, n, k);
  dots<TOKENS>(x, w, y, n, k);
}

void few_tokens(const uint16_t* x, const uint16_t* w, uint16_t* y, float* wide, int64_t m, int64_t n, int64_t k) {
  for (int64_t i = 0; i < m * k; i++) wide[i] = from_bf16(x[i]);
  const int64_t turns = (m + DOT_TOKENS - 1) / DOT_TOKENS;
  parallel(size_t(n), DOT_ROWS, [&](size_t from, size_t to) {
    for (int64_t row = int64_t(from); row < int64_t(to); row += DOT_ROWS)
      for (int64_t turn = 0; turn < turns; turn++) {
        const int64_t token = m * turn / turns, end = m * (turn + 1) / turns;
        dots(end - token, wide + token * k, w + row * k, y + token * n + row, n, k);
      }
  });
}

/** sums[row][token] += w[row][i] · panel[i][token] for `count` values of i; `first` starts from zero instead. */
template <int VECTORS>
void tile(const float* w, const float* panel, float* sums, int64_t count, bool first) {
  Vector kept[TILE_ROWS][VECTORS] = {};
  if (!first)
    for (int row = 0; row < TILE_ROWS; row++)
      for (int v = 0; v < VECTORS; v++) kept[row][v] = load(sums + row * BLOCK_TOKENS + v * LANES);
  for (int64_t i = 0; i < count; i++) {
    Vector tokens[VECTORS];
    for (int v = 0; v < VECTORS; v++) tokens[v] = load(panel + i * VECTORS * LANES + v * LANES);
    for (int row = 0; row < TILE_ROWS; row++)
      for (int v = 0; v < VECTORS; v++) kept[row][v] += w[row * BLOCK_K + i] * tokens[v];
  }
  for (int row = 0; row < TILE_ROWS; row++)
    for (int v = 0; v < VECTORS; v++) store(sums + row * BLOCK_TOKENS + v * LANES, kept[row][v]);
}

/** tile<VECTORS> by a count that is known at run time only. */
template <int VECTORS = TILE_VECTORS>
void tile(int64_t vectors, const float* w, const float* panel, float* sums, int64_t count, bool first) {
  if constexpr (VECTORS > 1)
    if (vectors < VECTORS) return tile<VECTORS - 1>(vectors, w, panel, sums, count, first);
  tile<VECTORS>(w, panel, sums, count, first);
}

/** Vectors of tokens in the panel that starts at token `at`. */
int64_t panel_vectors(int64_t m, int64_t at) { return std::min<int64_t>(TILE_VECTORS, (m - at + LANES - 1) / LANES); }

/** x as panels: that of tokens from `at` starts at at · k and is [k][panel_vectors · LANES], zeros behind the last token. */
void turn(const uint16_t* x, float* panels, int64_t m, int64_t k) {
  parallel(size_t(k), LANES, [&](size_t from, size_t to) {
    for (int64_t at = 0; at < m; at += PANEL) {
      const int64_t width = panel_vectors(m, at) * LANES;
      for (int64_t token = 0; token < width; token++)
        for (int64_t i = int64_t(from); i < int64_t(to); i++)
          panels[at * k + i * width + token] = at + token < m ? from_bf16(x[(at + token) * k + i]) : 0;
    }
  });
}

void many_tokens(const uint16_t* x, const uint16_t* w, uint16_t* y, float* panels, int64_t m, int64_t n, int64_t k) {
  turn(x, panels, m, k);
  parallel(size_t(n), 2 * LANES, [&](size_t from, size_t to) {
    const std::unique_ptr<float[]> wide(new float[BLOCK_ROWS * BLOCK_K]), sums(new float[BLOCK_ROWS * BLOCK_TOKENS]);
    for (int64_t row = int64_t(from); row < int64_t(to); row += BLOCK_ROWS) {
      const int64_t rows = std::min<int64_t>(BLOCK_ROWS, int64_t(to) - row), padded = (rows + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
      for (int64_t token = 0; token < m; token += BLOCK_TOKENS) {
        const int64_t tokens = std::min(BLOCK_TOKENS, m - token);
        for (int64_t at = 0; at < k; at += BLOCK_K) {
          const int64_t count = std::min(BLOCK_K, k - at);
          for (int64_t r = 0; r < padded; r++)
            for (int64_t i = 0; i < count; i++) wide[r * BLOCK_K + i] = r < rows ? from_bf16(w[(row + r) * k + at + i]) : 0;
          for (int64_t t = 0; t < tokens; t += PANEL) {
            const int64_t vectors = panel_vectors(m, token + t);
            const float* const panel = panels + (token + t) * k + at * vectors * LANES;
            for (int64_t r = 0; r < padded; r += TILE_ROWS)
              tile(vectors, wide.get() + r * BLOCK_K, panel, sums.get() + r * BLOCK_TOKENS + t, count, at == 0);
          }
        }
        for (int64_t t = 0; t < tokens; t++)
          for (int64_t r = 0; r < rows; r++) y[(token + t) * n + row + r] = to_bf16(sums[r * BLOCK_TOKENS + t]);
      }
    }
  });
}

}  // namespace

Run gemm(const Problem& problem) {
  const auto& gemm = dynamic_cast<const Gemm&>(problem);
  const int64_t m = gemm.m, n = gemm.n, k = gemm.k;
  const auto solve = m < FEW ? few_tokens : many_tokens;
  const auto scratch = std::make_shared<std::vector<float>>(size_t((m + PANEL) * k));
  return [=](const Pointers& arrays, void*) {
    solve(static_cast<const uint16_t*>(arrays[0]), static_cast<const uint16_t*>(arrays[1]), static_cast<uint16_t*>(arrays[2]), scratch->data(), m, n, k);
  };
}

}  // namespace raas::cpu
