#include <cstdio>
#include <cstdlib>
#include "error-norm.h"
#include "kernels.h"

/**
 * checks KERNEL cpu|emulated SEED key=value ...: solves one problem twice on the host and prints its error against the reference
 * in double. Guards behind every array catch writes past its end.
 */
namespace {

using namespace raas;

constexpr size_t GUARD_BYTES = 256;
constexpr unsigned char GUARD = 0xa5, POISON = 0xff;

int check(const Entry& entry, const Shape& shape, const std::string& backend, uint64_t seed) {
  const auto problem = entry.kernel.problem(shape);
  const auto run = backend == "cpu" ? entry.cpu : entry.emulated;
  if (run == nullptr) throw Error(entry.kernel.name + " has no backend " + backend);
  Random random(seed);
  HostArrays before;
  for (const Array& array : problem->arrays()) before.emplace_back(array.bytes(), POISON);
  problem->fill(before, random);
  // malloc aligns to 16 bytes only; kernels are promised 256, as cudaMalloc gives.
  std::vector<std::unique_ptr<unsigned char, void (*)(void*)>> owned;
  Pointers pointers;
  for (const auto& array : before) {
    const size_t bytes = (array.size() + GUARD_BYTES + 255) / 256 * 256;
    owned.emplace_back(static_cast<unsigned char*>(std::aligned_alloc(256, bytes)), std::free);
    std::fill_n(owned.back().get(), bytes, GUARD);
    std::copy(array.begin(), array.end(), owned.back().get());
    pointers.push_back(owned.back().get());
  }
  const Run solve = run(*problem);
  Agreement agreement;
  // Twice: what a run leaves in its scratch must not matter to the next.
  for (int round = 0; round < 2; round++) {
    solve(pointers, nullptr);
    HostArrays after;
    for (size_t i = 0; i < before.size(); i++) {
      const Array array = problem->arrays()[i];
      unsigned char* start = owned[i].get();
      for (size_t j = 0; j < GUARD_BYTES; j++)
        if (start[before[i].size() + j] != GUARD) throw Error("wrote past the end of " + array.name);
      after.emplace_back(start, start + before[i].size());
      if (array.role == Role::input && after.back() != before[i]) throw Error("changed its input " + array.name);
      if (array.role != Role::scratch) std::copy(before[i].begin(), before[i].end(), start);
    }
    agreement = together(agreement, problem->compare(before, after, random));
  }
  std::printf("%.3e of %lld values\n", agreement.relative_error, static_cast<long long>(agreement.compared));
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    if (count < 4) throw Error("usage: checks KERNEL cpu|emulated SEED key=value ...");
    Shape shape;
    for (int i = 4; i < count; i++) {
      const std::string text = arguments[i];
      shape[text.substr(0, text.find('='))] = std::stoll(text.substr(text.find('=') + 1));
    }
    for (const Entry& entry : kernels())
      if (entry.kernel.name == arguments[1]) return check(entry, shape, arguments[2], std::stoull(arguments[3]));
    throw Error(std::string("no kernel ") + arguments[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
