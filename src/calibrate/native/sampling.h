#pragma once
#include <algorithm>
#include <cmath>
#include <numeric>
#include "numbers.h"
#include "sizes.h"

namespace raas {

/**
 * The next token of each sequence, drawn from its logits with temperature 0.6, top-k and top-p:
 * p = softmax(logits / temperature). Kept are the tokens at least as likely as the topK-th likeliest; of these, the tokens at
 * least as likely as the least likely one of the smallest set that holds topPercent of their mass (ties are kept, in both).
 * Token i is drawn if uniform · kept mass lies in its part of the kept mass, tokens in order of their numbers: the same
 * uniforms draw the same tokens.
 * Shape: sequences; vocabularySize, a multiple of 4; topK, vocabularySize for no limit; topPercent, 100 for none. logits are f32
 * [sequences][vocabularySize] with values of bfloat16, as an engine's last layer leaves them; uniforms f32 [sequences] in [0, 1);
 * least, beside tokens, is the least logit kept, -infinity without a limit: few draws tell how many are.
 * Bytes: logits read once, and 12 for each sequence.
 * Error: the distance of uniform from the part of the drawn token, or by how much the mass kept is too large or too small,
 * as a share of the kept mass, the largest of up to 16 sequences; 1 for a token that is not kept.
 */
class Sampling : public Problem {
 public:
  static constexpr float TEMPERATURE = 0.6f;

  explicit Sampling(const Shape& shape)
      : sequences(size_in(shape, "sequences")), vocabulary(size_multiple(shape, "vocabularySize", 4)), top_k(size_in(shape, "topK")),
        top_percent(size_in(shape, "topPercent")) {
    if (top_k > vocabulary) throw Error("topK " + std::to_string(top_k) + " is not allowed; expected at most vocabularySize " + std::to_string(vocabulary));
    if (top_percent > 100) throw Error("topPercent " + std::to_string(top_percent) + " is not allowed; expected at most 100");
    if (vocabulary > 1 << 20) throw Error("vocabularySize " + std::to_string(vocabulary) + " is not allowed; expected at most " + std::to_string(1 << 20));
  }
  std::vector<Array> arrays() const override {
    return {{"logits", Type::f32, size_t(sequences * vocabulary), Role::input},
            {"uniforms", Type::f32, size_t(sequences), Role::input},
            {"tokens", Type::i32, size_t(sequences), Role::output},
            {"least", Type::f32, size_t(sequences), Role::output}};
  }
  Work work() const override { return {4.0 * double(sequences * vocabulary) + 12.0 * double(sequences), 0}; }
  void fill(HostArrays& arrays, Random& random) const override {
    auto* const logits = reinterpret_cast<float*>(arrays[0].data());
    std::normal_distribution<float> normal(0, 3);
    for (int64_t i = 0; i < sequences * vocabulary; i++) logits[i] = from_bf16(to_bf16(normal(random)));
    auto* const uniforms = reinterpret_cast<float*>(arrays[1].data());
    for (int64_t i = 0; i < sequences; i++) uniforms[i] = float(random() >> 40) * 0x1p-24f;
  }
  Agreement compare(const HostArrays& before, const HostArrays& after, Random& random) const override {
    const auto* const tokens = reinterpret_cast<const int32_t*>(after[2].data());
    std::vector<int64_t> order(static_cast<size_t>(sequences));
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    Agreement agreement;
    for (const int64_t sequence : order) {
      const float least = reinterpret_cast<const float*>(after[3].data())[sequence];
      if (tokens[sequence] < 0 || tokens[sequence] >= vocabulary || std::isnan(least)) return {NAN, agreement.compared};
      if (agreement.compared == 16) continue;
      agreement.compared++;
      const auto* const logits = reinterpret_cast<const float*>(before[0].data()) + sequence * vocabulary;
      const double uniform = reinterpret_cast<const float*>(before[1].data())[sequence];
      agreement.relative_error = std::max(agreement.relative_error, error_of(logits, uniform, tokens[sequence], least));
    }
    return agreement;
  }

  const int64_t sequences, vocabulary, top_k, top_percent;

 private:
  double error_of(const float* logits, double uniform, int32_t token, float least_found) const {
    std::vector<float> sorted(logits, logits + vocabulary);
    std::sort(sorted.begin(), sorted.end(), std::greater<>());
    const auto mass_of = [&](float logit) { return std::exp((double(logit) - sorted[0]) / TEMPERATURE); };
    float least = top_k < vocabulary ? sorted[size_t(top_k - 1)] : -INFINITY;
    double mass = 0, part = 0;
    for (const float logit : sorted) mass += logit >= least ? mass_of(logit) : 0;
    if (top_percent < 100)
      for (const float logit : sorted)
        if ((part += mass_of(logit)) >= mass * double(top_percent) / 100) {
          least = logit;
          break;
        }
    if (logits[token] < least) return 1;
    // Sums in another order may cross the limit of top-p one token earlier or later; top-k has no such excuse.
    if (top_percent == 100 && least_found != least) return 1;
    double below = 0, found = 0;
    mass = 0;
    for (int64_t i = 0; i < vocabulary; i++) {
      if (i == token) below = mass;
      if (logits[i] >= least) mass += mass_of(logits[i]);
      if (logits[i] >= least_found) found += mass_of(logits[i]);
    }
    const double at = uniform * mass, above = below + mass_of(logits[token]);
    return std::max({std::abs(found - mass), below - at, at - above}) / mass;
  }
};

namespace cuda { Run sampling(const Problem&); }
namespace emulated { Run sampling(const Problem&); }
namespace cpu { Run sampling(const Problem&); }

}  // namespace raas
