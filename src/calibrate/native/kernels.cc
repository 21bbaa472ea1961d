#include "kernels.h"
#include "copy.h"
#include "decode-attention.h"
#include "page-scores.h"
#include "top-pages.h"

#ifdef RAAS_CUDA
#define RAAS_ENTRY(name) cuda::name, emulated::name, cpu::name
#else
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
      {{"page-scores", {"sequences", "context", "queryHeads", "kvHeads", "headDim", "scattered", "ragged"}, make<PageScores>}, RAAS_ENTRY(page_scores)},
      {{"top-pages", {"sequences", "context", "kvHeads", "budget", "ragged"}, make<TopPages>}, RAAS_ENTRY(top_pages)},
  };
  return table;
}

}  // namespace raas
