#include "decode-attention.h"
namespace raas::cpu { Run decode_attention(const Problem&) { return nullptr; } }
