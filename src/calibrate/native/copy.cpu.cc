#include <cstring>
#include "copy.h"
#include "threads.h"

namespace raas::cpu {

Run copy(const Problem& problem) {
  const size_t bytes = dynamic_cast<const Copy&>(problem).bytes;
  return [=](const Pointers& arrays, void*) {
    parallel(bytes, 4096, [&](size_t from, size_t to) {
      std::memcpy(static_cast<char*>(arrays[1]) + from, static_cast<const char*>(arrays[0]) + from, to - from);
    });
  };
}

}  // namespace raas::cpu
