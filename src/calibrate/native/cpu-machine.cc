#include <unistd.h>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include "backend.h"
#include "host.h"

namespace raas {
namespace {

constexpr size_t ALIGNMENT = 256;

class CpuMachine : public Machine {
 public:
  size_t free_bytes(int) override { return host_free_bytes(); }
  void* allocate(size_t bytes, int) override {
    void* const memory = std::aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    if (memory == nullptr) throw Error("no memory for " + std::to_string(bytes) + " bytes");
    return memory;
  }
  void release(void* memory) noexcept override { std::free(memory); }
  void write(void* to, const void* from, size_t bytes) override { std::memcpy(to, from, bytes); }
  void read(void* to, const void* from, size_t bytes) override { std::memcpy(to, from, bytes); }
  void run(const Run& run, const Pointers& set) override { run(set, nullptr); }
  std::vector<double> time(const Figure& figure, int count) override {
    using Clock = std::chrono::steady_clock;
    std::vector<double> seconds;
    for (int i = 0; i < count; i++) {
      const Clock::time_point start = Clock::now();
      for (int run = 0; run < figure.runs; run++) figure.run(figure.sets[next_++ % figure.sets.size()], nullptr);
      seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count() / figure.runs);
    }
    return seconds;
  }

 private:
  size_t next_ = 0;  // set
};

}  // namespace

std::unique_ptr<Machine> cpu_machine() { return std::make_unique<CpuMachine>(); }

}  // namespace raas
