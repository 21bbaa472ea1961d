#include "prefill-attention.h"
namespace raas::cpu { Run prefill_attention(const Problem&) { return nullptr; } }
