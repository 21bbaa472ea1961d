#include "gemm.h"
#include "gemm-tile.cuh"
#ifndef RAAS_EMULATED
#include "cublas-lt.cuh"
#endif

/**
 * Our own matrix product, for devices without cuBLASLt: mma.sync with tiles by m. Few tokens: bound by the bandwidth of w,
 * 48 KB of which every block has under way; k is split among blocks until all multiprocessors are busy, and the last block
 * of a tile adds the parts in a fixed order. Many tokens: bound by tensor cores, warps of 64 x 64 sums (32 FLOPs for a byte
 * of shared memory), blocks in groups of eight rows of tiles so that their operands stay in L2. mma.sync reaches about
 * two thirds of what wgmma does on sm_90, and less of sm_100.
 */
namespace raas::RAAS_DEVICE {
namespace {

constexpr int GROUP_ROWS = 8;
constexpr int MOST_SPLITS = 16;
constexpr int LEAST_STEPS = 4;  // of a split: fewer do not fill the stages
constexpr size_t MOST_PARTIAL_BYTES = size_t(64) << 20;

template <typename T>
__global__ void __launch_bounds__(T::THREADS)
gemm_kernel(const uint16_t* __restrict__ x, const uint16_t* __restrict__ w, uint16_t* __restrict__ y, float4* partial, int* arrived, int m, int n, int k) {
  DYNAMIC_SHARED(shared);
  const int tile_rows = (m + T::M - 1) / T::M, tile_columns = (n + T::N - 1) / T::N;
  const int index = int(blockIdx.x), in_group = GROUP_ROWS * tile_columns, first = index / in_group * GROUP_ROWS;
  const int rows = min(GROUP_ROWS, tile_rows - first);
  const int row = (first + index % in_group % rows) * T::M, column = index % in_group / rows * T::N;
  const int steps = (k + T::K - 1) / T::K, splits = int(gridDim.y), split = int(blockIdx.y);
  T tile;
  tile.multiply(reinterpret_cast<uint4*>(shared), x, w, row, column, m, n, k, int(int64_t(steps) * split / splits), int(int64_t(steps) * (split + 1) / splits));
  if (splits > 1) {
    constexpr int QUADS = T::ROWS * T::COLUMNS;  // of sums a thread
    float4* const parts = partial + size_t(index) * splits * QUADS * T::THREADS + threadIdx.x;
    UNROLL for (int i = 0; i < QUADS; i++) {
      const float* const sums = tile.sums[i / T::COLUMNS][i % T::COLUMNS];
      parts[(size_t(split) * QUADS + i) * T::THREADS] = make_float4(sums[0], sums[1], sums[2], sums[3]);
    }
    __shared__ bool last;
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) {
      last = atomicAdd(&arrived[index], 1) == splits - 1;
      if (last) arrived[index] = 0;  // for the next run
    }
    __syncthreads();
    if (!last) return;
    __threadfence();
    UNROLL for (int i = 0; i < QUADS; i++) {
      float* const sums = tile.sums[i / T::COLUMNS][i % T::COLUMNS];
      sums[0] = sums[1] = sums[2] = sums[3] = 0;
      for (int other = 0; other < splits; other++) {
        const float4 part = parts[(size_t(other) * QUADS + i) * T::THREADS];
        sums[0] += part.x;
        sums[1] += part.y;
        sums[2] += part.z;
        sums[3] += part.w;
      }
    }
  }
  tile.store(y, row, column, m, n);
}

/** How one kind of tile would do a product. `cost` is in multiplications of one multiprocessor, one after the other. */
struct Plan {
  int tiles = 0, splits = 1;
  double cost = 0;
};

template <typename T>
Plan plan(const Gemm& gemm) {
  const int64_t tiles = (gemm.m + T::M - 1) / T::M * ((gemm.n + T::N - 1) / T::N), steps = (gemm.k + T::K - 1) / T::K;
  const int64_t processors = multiprocessors(), each = blocks_each(gemm_kernel<T>, T::THREADS, T::SHARED_BYTES);
  if (tiles > INT32_MAX) throw Error("a GEMM of " + std::to_string(tiles) + " tiles is not possible");
  Plan best;
  for (int64_t splits = 1; splits <= MOST_SPLITS && (splits == 1 || steps >= splits * LEAST_STEPS); splits++) {
    const int64_t blocks = tiles * splits;
    if (splits > 1 && size_t(blocks) * T::M * T::N * 4 > MOST_PARTIAL_BYTES) break;
    // Blocks of one multiprocessor share its tensor cores; each fills its stages first, and a split also adds up.
    const int64_t waves = (blocks + processors * each - 1) / (processors * each), beside = min(each, (blocks + processors - 1) / processors);
    const double filling = T::STAGES * (splits > 1 ? 2 : 1);
    const double cost = double(waves * beside) * (double((steps + splits - 1) / splits) + filling) * T::M * T::N * T::K;
    if (splits == 1 || cost < 0.95 * best.cost) best = {int(tiles), int(splits), cost};
  }
  return best;
}

template <typename T>
Run run(const Gemm& gemm, const Plan& plan) {
  const int m = int(gemm.m), n = int(gemm.n), k = int(gemm.k);
  const dim3 grid(unsigned(plan.tiles), unsigned(plan.splits));
  const size_t blocks = plan.splits > 1 ? size_t(plan.tiles) * size_t(plan.splits) : 0;
  const auto partial = device_memory(blocks * T::M * T::N * sizeof(float) + 16), arrived = device_memory(size_t(plan.tiles) * sizeof(int));
  return [=](const Pointers& arrays, void* stream) {
    launch(gemm_kernel<T>, grid, dim3(T::THREADS), T::SHARED_BYTES, stream, static_cast<const uint16_t*>(arrays[0]),
           static_cast<const uint16_t*>(arrays[1]), static_cast<uint16_t*>(arrays[2]), static_cast<float4*>(partial.get()),
           static_cast<int*>(arrived.get()), m, n, k);
  };
}

template <typename T>
Run run(const Gemm& gemm) { return run<T>(gemm, plan<T>(gemm)); }

}  // namespace

Run own_gemm(const Problem& problem) {
  const auto& gemm = dynamic_cast<const Gemm&>(problem);
  if (std::max({gemm.m, gemm.n, gemm.k}) > INT32_MAX / 2) throw Error("a GEMM with a size of 2^30 or more is not possible");
  if (gemm.m <= 16) return run<Tile<16, 128, 64, 1, 4>>(gemm);
  if (gemm.m <= 32) return run<Tile<32, 128, 64, 1, 4>>(gemm);
  if (gemm.m <= 64) return run<Tile<64, 128, 64, 2, 2>>(gemm);
  using Square = Tile<128, 128, 32, 2, 2>;
  using Wide = Tile<128, 256, 32, 2, 4>;
  const Plan square = plan<Square>(gemm), wide = plan<Wide>(gemm);
  // The wide tile loads a quarter less for each sum.
  return wide.cost < 1.1 * square.cost ? run<Wide>(gemm, wide) : run<Square>(gemm, square);
}

#ifndef RAAS_EMULATED
Run gemm(const Problem& problem) {
  const auto& gemm = dynamic_cast<const Gemm&>(problem);
  return CublasLt::installed() ? cublas_lt_gemm(gemm) : own_gemm(problem);
}
std::string gemm_implementation() { return CublasLt::installed() ? CublasLt::get().name() : "raas-sim mma.sync"; }
#endif

}  // namespace raas::RAAS_DEVICE
