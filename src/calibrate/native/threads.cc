#include "threads.h"
#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace raas::cpu {
namespace {

int available() { return std::max(1, int(std::thread::hardware_concurrency())); }
int used_ = available();

class Pool {
 public:
  Pool() {
    const int others = thread_count() - 1;
    for (int i = 0; i < others; i++) threads_.emplace_back([this] { work(); });
  }
  ~Pool() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    started_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  void run(size_t count, size_t grain, const std::function<void(size_t, size_t)>& body) {
    const size_t parts = size_t(thread_count());
    part_ = ((count + parts - 1) / parts + grain - 1) / grain * grain;
    {
      const std::lock_guard lock(mutex_);
      body_ = &body;
      count_ = count;
      next_ = 0;
      running_ = int(threads_.size());
      round_++;
    }
    started_.notify_all();
    take();
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return running_ == 0; });
  }

 private:
  void take() {
    for (;;) {
      size_t from;
      {
        const std::lock_guard lock(mutex_);
        if (next_ >= count_) return;
        from = next_;
        next_ += part_;
      }
      (*body_)(from, std::min(from + part_, count_));
    }
  }
  void work() {
    for (uint64_t seen = 0;;) {
      {
        std::unique_lock lock(mutex_);
        started_.wait(lock, [&] { return closing_ || round_ != seen; });
        if (closing_) return;
        seen = round_;
      }
      take();
      const std::lock_guard lock(mutex_);
      if (--running_ == 0) ended_.notify_one();
    }
  }

  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable started_, ended_;
  const std::function<void(size_t, size_t)>* body_ = nullptr;
  size_t count_ = 0, next_ = 0, part_ = 1;
  int running_ = 0;
  uint64_t round_ = 0;
  bool closing_ = false;
};

}  // namespace

int thread_count() { return used_; }

void use_threads(int count) { used_ = std::clamp(count, 1, available()); }

void parallel(size_t count, size_t grain, const std::function<void(size_t, size_t)>& body) {
  static Pool pool;
  pool.run(count, grain, body);
}

}  // namespace raas::cpu
