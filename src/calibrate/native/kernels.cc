#include "kernels.h"
#include "all-reduce.h"
#include "copy.h"
#include "decode-attention.h"
#include "gemm.h"
#include "graph.h"
#include "h2o-attention.h"
#include "instructions.h"
#include "kv-append.h"
#include "launch.h"
#include "page-scores.h"
#include "peer-copy.h"
#include "prefill-attention.h"
#include "quest-step.h"
#include "raas-step.h"
#include "rms-norm.h"
#include "rope.h"
#include "sampling.h"
#include "silu-mul.h"
#include "top-pages.h"

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
      {{"decode-attention",
        {"sequences", "context", "queryHeads", "kvHeads", "headDim", "kvFormat", "scattered", "ragged"},
        make<DecodeAttention>},
       RAAS_ENTRY(decode_attention)},
      {{"prefill-attention",
        {"sequences", "tokens", "context", "queryHeads", "kvHeads", "headDim", "kvFormat", "scattered", "ragged"},
        make<PrefillAttention>},
       RAAS_ENTRY(prefill_attention)},
      {{"kv-append", {"sequences", "tokens", "context", "kvHeads", "headDim", "kvFormat", "scattered", "ragged"}, make<KvAppend>}, RAAS_ENTRY(kv_append)},
      {{"page-scores", {"sequences", "context", "queryHeads", "kvHeads", "headDim", "scattered", "ragged"}, make<PageScores>}, RAAS_ENTRY(page_scores)},
      {{"top-pages", {"sequences", "context", "kvHeads", "budget", "ragged"}, make<TopPages>}, RAAS_ENTRY(top_pages)},
      {{"gemm", {"m", "n", "k"}, make<Gemm>}, RAAS_CUDA_ONLY(gemm), nullptr, cpu::gemm, RAAS_CUDA_ONLY(gemm_implementation)},
      {{"own-gemm", {"m", "n", "k"}, make<Gemm>}, RAAS_CUDA_ONLY(own_gemm), emulated::own_gemm, nullptr},
      {{"rms-norm", {"tokens", "hiddenSize"}, make<RmsNorm>}, RAAS_ENTRY(rms_norm)},
      {{"rope", {"tokens", "queryHeads", "kvHeads", "headDim"}, make<Rope>}, RAAS_ENTRY(rope)},
      {{"silu-mul", {"tokens", "intermediateSize"}, make<SiluMul>}, RAAS_ENTRY(silu_mul)},
      {{"sampling", {"sequences", "vocabularySize", "topK", "topPercent"}, make<Sampling>}, RAAS_ENTRY(sampling)},
      {{"instructions", {"warps"}, make<Instructions>}, RAAS_CUDA_ONLY(instructions), emulated::instructions, nullptr},
      {{"launch", {"launches"}, make<Launch>, true}, RAAS_ENTRY(launch_empty)},
      {{"graph", {"nodes"}, make<Graph>, true}, RAAS_CUDA_ONLY(graph), nullptr, nullptr},
      {{"peer-copy", {"bytes"}, make<PeerCopy>, true}, RAAS_CUDA_ONLY(peer_copy), nullptr, nullptr},
      {{"all-reduce", {"gpus", "bytes"}, make<AllReduce>, true}, RAAS_CUDA_ONLY(all_reduce), nullptr, nullptr, RAAS_CUDA_ONLY(all_reduce_implementation)},
      {{"quest-step", {"sequences", "context", "queryHeads", "kvHeads", "headDim", "budget", "scattered", "ragged"}, make<QuestStep>}, RAAS_ENTRY(quest_step)},
      {{"raas-step", {"sequences", "budget", "prompt", "queryHeads", "kvHeads", "headDim", "scattered"}, make<RaasStep>}, RAAS_ENTRY(raas_step)},
      {{"h2o-attention", {"sequences", "context", "queryHeads", "kvHeads", "headDim", "scattered", "ragged"}, make<H2oAttention>}, RAAS_ENTRY(h2o_attention)},
  };
  return table;
}

}  // namespace raas
