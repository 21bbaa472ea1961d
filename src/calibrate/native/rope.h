#pragma once
#include "error-norm.h"
#include "random-values.h"
#include "sizes.h"

namespace raas {

/**
 * Rotary position embedding of new queries and keys in place, with the halves of a head paired as in GPT-NeoX and Llama:
 * (a, b) of dimensions i and i + headDim / 2 become (a cos - b sin, b cos + a sin), by angle position · 10000^(-2i / headDim).
 * Shape: tokens, queryHeads, kvHeads; headDim, a multiple of 16. q is [tokens][queryHeads][headDim] bf16, k the same with
 * kvHeads, positions i32 [tokens], and the table f32 [8192][headDim], cosines first, as engines keep one.
 * Bytes: q and k read and written, and a row of the table and a position for each token.
 */
class Rope : public Problem {
 public:
  static constexpr int64_t POSITIONS = 8192;

  explicit Rope(const Shape& shape)
      : tokens(size_in(shape, "tokens")), query_heads(size_in(shape, "queryHeads")), kv_heads(size_in(shape, "kvHeads")),
        head_dim(size_multiple(shape, "headDim", 16)) {}
  std::vector<Array> arrays() const override {
    return {{"q", Type::bf16, size_t(tokens * query_heads * head_dim), Role::state},
            {"k", Type::bf16, size_t(tokens * kv_heads * head_dim), Role::state},
            {"positions", Type::i32, size_t(tokens), Role::input},
            {"table", Type::f32, size_t(POSITIONS * head_dim), Role::input}};
  }
  Work work() const override {
    return {double(tokens) * (4.0 * double((query_heads + kv_heads) * head_dim) + 4.0 * double(head_dim) + 4), 0};
  }
  void fill(HostArrays& arrays, Random& random) const override {
    for (const size_t i : {0, 1}) NormalValues(Type::bf16, 1, random).fill(arrays[i].data(), arrays[i].size() / 2);
    auto* const positions = reinterpret_cast<int32_t*>(arrays[2].data());
    for (int64_t i = 0; i < tokens; i++) positions[i] = int32_t(random() % POSITIONS);
    auto* const table = reinterpret_cast<float*>(arrays[3].data());
    for (int64_t position = 0; position < POSITIONS; position++)
      for (int64_t i = 0; i < head_dim / 2; i++) {
        table[position * head_dim + i] = float(std::cos(angle(position, i)));
        table[position * head_dim + head_dim / 2 + i] = float(std::sin(angle(position, i)));
      }
  }
  Agreement compare(const HostArrays& before, const HostArrays& after, Random& random) const override {
    const auto* const positions = reinterpret_cast<const int32_t*>(before[2].data());
    SampledErrorNorm error(size_t(tokens * (query_heads + kv_heads) * head_dim), random);
    for (const size_t array : {0, 1}) {
      const int64_t heads = array == 0 ? query_heads : kv_heads;
      for (int64_t i = 0; i < tokens * heads * head_dim; i++)
        error.add(bf16_at(after[array].data(), size_t(i)), [&] {
          const int64_t dim = i % head_dim, pair = dim % (head_dim / 2), first = i - dim + pair;
          const double a = bf16_at(before[array].data(), size_t(first)), b = bf16_at(before[array].data(), size_t(first + head_dim / 2));
          const double turn = angle(positions[i / (heads * head_dim)], pair);
          return dim == pair ? a * std::cos(turn) - b * std::sin(turn) : b * std::cos(turn) + a * std::sin(turn);
        });
    }
    return error.agreement();
  }

  const int64_t tokens, query_heads, kv_heads, head_dim;

 private:
  double angle(int64_t position, int64_t pair) const {
    return double(position) * std::pow(10000.0, -2.0 * double(pair) / double(head_dim));
  }
};

namespace cuda { Run rope(const Problem&); }
namespace emulated { Run rope(const Problem&); }
namespace cpu { Run rope(const Problem&); }

}  // namespace raas
