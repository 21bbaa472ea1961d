#pragma once
#include <cstddef>
#include <functional>

/** Threads of the CPU backend, kept between runs: what starting them costs is no part of a kernel's time. */
namespace raas::cpu {

int thread_count();
/** From 1 to what the machine has; only before the first `parallel`, which starts them. */
void use_threads(int count);
/** Calls `body(from, to)` on parts of [0, count) at once and returns when all are done; parts are multiples of `grain`. */
void parallel(size_t count, size_t grain, const std::function<void(size_t from, size_t to)>& body);

}  // namespace raas::cpu
