#pragma once
#include <functional>
#include <mutex>
#include <napi.h>

namespace raas {

/**
 * Work on a thread of its own, whose result a promise brings back; what it throws rejects the promise. One at a time in the
 * whole process, worker threads of Node included: kernels are measured alone, and the emulation is one machine.
 */
template <typename T>
class Task : public Napi::AsyncWorker {
 public:
  using Work = std::function<T()>;
  using Shown = std::function<Napi::Value(Napi::Env, const T&)>;

  static Napi::Value start(Napi::Env env, Work work, Shown shown) {
    auto* const task = new Task(env, std::move(work), std::move(shown));  // deletes itself when done
    const Napi::Promise promise = task->deferred_.Promise();
    task->Queue();
    return promise;
  }

 private:
  Task(Napi::Env env, Work work, Shown shown)
      : AsyncWorker(env), deferred_(env), work_(std::move(work)), shown_(std::move(shown)) {}
  void Execute() override {
    static std::mutex alone;
    const std::lock_guard lock(alone);
    result_ = work_();
    work_ = nullptr;  // what it holds is freed here, not later on the event loop
  }
  void OnOK() override { deferred_.Resolve(shown_(Env(), result_)); }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

  Napi::Promise::Deferred deferred_;
  Work work_;
  Shown shown_;
  T result_{};
};

}  // namespace raas
