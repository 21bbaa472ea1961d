#include "host.h"
#include <sys/utsname.h>
#include <unistd.h>
#include <fstream>
#include "threads.h"

namespace raas {
namespace {

/** What follows the first line that starts with `key` and a colon; empty where there is none. */
std::string field(const char* path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, key.size(), key) != 0) continue;
    const size_t colon = line.find(':');
    const size_t start = colon == std::string::npos ? colon : line.find_first_not_of(" \t", colon + 1);
    if (start != std::string::npos) return line.substr(start);
  }
  return "";
}

size_t pages(int name) {
#if defined(__linux__)
  const long count = sysconf(name), size = sysconf(_SC_PAGESIZE);
  return count > 0 && size > 0 ? size_t(count) * size_t(size) : 0;
#else
  (void)name;
  return 0;
#endif
}

size_t cache_bytes() {
#if defined(_SC_LEVEL3_CACHE_SIZE)
  for (const int level : {_SC_LEVEL3_CACHE_SIZE, _SC_LEVEL2_CACHE_SIZE}) {
    const long bytes = sysconf(level);
    if (bytes > 0) return size_t(bytes);
  }
#endif
  return 0;
}

}  // namespace

Host host() {
  std::string name = field("/proc/cpuinfo", "model name");
  if (name.empty()) {
    utsname system;
    name = uname(&system) == 0 ? system.machine : "unknown";
  }
  return {name, cpu::thread_count(), pages(_SC_PHYS_PAGES), cache_bytes()};
}

size_t host_free_bytes() {
  const std::string kilobytes = field("/proc/meminfo", "MemAvailable");
  return kilobytes.empty() ? pages(_SC_PHYS_PAGES) / 2 : size_t(std::stoull(kilobytes)) * 1024;
}

}  // namespace raas
