#pragma once
#include <cstddef>
#include <string>

/** What the operating system says of this machine's CPU. */
namespace raas {

struct Host {
  std::string name;     // of the processor; its architecture where it has no name
  int threads;          // that the CPU backend uses
  size_t memory_bytes;  // of the machine
  size_t cache_bytes;   // the last level of one processor; 0: unknown
};

Host host();
/** Memory that can be had without swapping. */
size_t host_free_bytes();

}  // namespace raas
