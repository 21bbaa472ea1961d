#include "cpu-exp.h"
#include "sampling.h"
#include "threads.h"

/** A thread a sequence. The tokens of top-k are found by a histogram of the upper halves of their logits' bits. */
namespace raas::cpu {
namespace {

uint32_t ordered(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

struct Candidate {
  float logit;
  float mass;
  int32_t token;
};

float kth_largest(const float* logits, size_t count, size_t k) {
  std::vector<uint32_t> counts(1 << 16);
  for (size_t i = 0; i < count; i++) counts[ordered(logits[i]) >> 16]++;
  uint32_t half = 0xffff;
  for (; counts[half] < k; half--) k -= counts[half];
  std::vector<float> same;
  for (size_t i = 0; i < count; i++)
    if (ordered(logits[i]) >> 16 == half) same.push_back(logits[i]);
  std::nth_element(same.begin(), same.begin() + int64_t(k - 1), same.end(), std::greater<>());
  return same[k - 1];
}

int32_t sample(const float* logits, size_t vocabulary, size_t top_k, double top_share, double uniform, float& least) {
  constexpr size_t LANES = 64;
  float most_of[LANES];
  std::fill_n(most_of, LANES, -INFINITY);
  for (size_t i = 0; i < vocabulary; i++) most_of[i % LANES] = most_of[i % LANES] > logits[i] ? most_of[i % LANES] : logits[i];
  const float most = *std::max_element(most_of, most_of + LANES);
  least = top_k < vocabulary ? kth_largest(logits, vocabulary, top_k) : -INFINITY;
  std::vector<Candidate> kept;
  for (size_t i = 0; i < vocabulary; i++)
    if (logits[i] >= least) kept.push_back({logits[i], 0, int32_t(i)});
  double mass = 0;
  for (Candidate& each : kept) each.mass = exp_of((each.logit - most) / Sampling::TEMPERATURE);
  for (const Candidate& each : kept) mass += each.mass;
  if (top_share < 1) {
    std::vector<Candidate> sorted = kept;
    std::sort(sorted.begin(), sorted.end(), [](const Candidate& a, const Candidate& b) { return a.logit > b.logit; });
    double part = 0;
    size_t last = 0;
    while (last + 1 < sorted.size() && (part += sorted[last].mass) < mass * top_share) last++;
    least = sorted[last].logit;
    std::erase_if(kept, [&](const Candidate& each) { return each.logit < least; });
    mass = 0;
    for (const Candidate& each : kept) mass += each.mass;
  }
  double through = 0;
  for (const Candidate& each : kept)
    if ((through += each.mass) > uniform * mass) return each.token;
  return kept.back().token;
}

}  // namespace

Run sampling(const Problem& problem) {
  const auto& sampling = dynamic_cast<const Sampling&>(problem);
  const size_t sequences = size_t(sampling.sequences), vocabulary = size_t(sampling.vocabulary), top_k = size_t(sampling.top_k);
  const double top_share = double(sampling.top_percent) / 100;
  return [=](const Pointers& arrays, void*) {
    parallel(sequences, 1, [&](size_t from, size_t to) {
      for (size_t i = from; i < to; i++)
        static_cast<int32_t*>(arrays[2])[i] = sample(static_cast<const float*>(arrays[0]) + i * vocabulary, vocabulary, top_k, top_share,
                                                     static_cast<const float*>(arrays[1])[i], static_cast<float*>(arrays[3])[i]);
    });
  };
}

}  // namespace raas::cpu
