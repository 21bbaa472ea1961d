#include "launch.h"
#include "threads.h"

namespace raas::cpu {

Run launch_empty(const Problem& problem) {
  const int64_t launches = dynamic_cast<const Launch&>(problem).launches;
  return [=](const Pointers&, void*) {
    for (int64_t i = 0; i < launches; i++) parallel(size_t(thread_count()), 1, [](size_t, size_t) {});
  };
}

}  // namespace raas::cpu
