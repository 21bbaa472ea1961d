#include "kernels.h"
#include "all-reduce.h"
#include "copy.h"
#include "gemm.h"
#include "graph.h"
#include "launch.h"
#include "peer-copy.h"
#include "rms-norm.h"
#include "rope.h"
#include "sampling.h"
#include "silu-mul.h"

#ifdef RAAS_CUDA
#define RAAS_CUDA_ONLY(name) cuda::name
#define RAAS_ENTRY(name) cuda::name, emulated::name, cpu::name
#else
#define RAAS_CUDA_ONLY(name) nullptr
#define RAAS_ENTRY(name) nullptr, emulated::name, cpu::name
#endif

namespace raas {
namespace {

template <typename P>
std::unique_ptr<Problem> make(const Shape& shape) { return std::make_unique<P>(shape); }

}  // namespace

const std::vector<Entry>& kernels() {
  static const std::vector<Entry> table = {
      {{"copy", {"bytes"}, make<Copy>}, RAAS_ENTRY(copy)},
      {{"gemm", {"m", "n", "k"}, make<Gemm>}, RAAS_CUDA_ONLY(gemm), nullptr, cpu::gemm, RAAS_CUDA_ONLY(gemm_implementation)},
      {{"own-gemm", {"m", "n", "k"}, make<Gemm>}, RAAS_CUDA_ONLY(own_gemm), emulated::own_gemm, nullptr},
      {{"rms-norm", {"tokens", "hiddenSize"}, make<RmsNorm>}, RAAS_ENTRY(rms_norm)},
      {{"rope", {"tokens", "queryHeads", "kvHeads", "headDim"}, make<Rope>}, RAAS_ENTRY(rope)},
      {{"silu-mul", {"tokens", "intermediateSize"}, make<SiluMul>}, RAAS_ENTRY(silu_mul)},
      {{"sampling", {"sequences", "vocabulary", "topK", "topPercent"}, make<Sampling>}, RAAS_ENTRY(sampling)},
      {{"launch", {"launches"}, make<Launch>}, RAAS_ENTRY(launch_empty)},
      {{"graph", {"nodes"}, make<Graph>}, RAAS_CUDA_ONLY(graph), nullptr, nullptr},
      {{"peer-copy", {"bytes"}, make<PeerCopy>}, RAAS_CUDA_ONLY(peer_copy), nullptr, nullptr},
      {{"all-reduce", {"gpus", "bytes"}, make<AllReduce>}, RAAS_CUDA_ONLY(all_reduce), nullptr, nullptr, RAAS_CUDA_ONLY(all_reduce_implementation)},
  };
  return table;
}

}  // namespace raas
