#include "backend.h"
#include "device.cuh"
#include "devices.cuh"

namespace raas {
namespace {

using cuda::check;

/** A CUDA object that is destroyed with its scope. */
template <typename T, cudaError_t (*destroy)(T)>
class Owned {
 public:
  Owned() = default;
  ~Owned() {
    if (object != nullptr) destroy(object);
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  T object = nullptr;
};
using Stream = Owned<cudaStream_t, cudaStreamDestroy>;
using Event = Owned<cudaEvent_t, cudaEventDestroy>;
using Graph = Owned<cudaGraph_t, cudaGraphDestroy>;
using Executable = Owned<cudaGraphExec_t, cudaGraphExecDestroy>;

class CudaMachine : public Machine {
 public:
  CudaMachine() { check(cudaStreamCreateWithFlags(&stream_.object, cudaStreamNonBlocking), "a stream"); }

  size_t free_bytes(int device) override {
    const cuda::OnDevice scope(cuda::device_after(device));
    size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "free memory");
    return free;
  }
  void* allocate(size_t bytes, int device) override {
    const cuda::OnDevice scope(cuda::device_after(device));
    void* memory = nullptr;
    check(cudaMalloc(&memory, bytes), "device memory");
    return memory;
  }
  void release(void* memory) noexcept override { cudaFree(memory); }
  void write(void* to, const void* from, size_t bytes) override {
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream_.object), "copy to the device");
    wait();
  }
  void read(void* to, const void* from, size_t bytes) override { write(to, from, bytes); }
  void run(const Run& run, const Pointers& set) override {
    run(set, stream_.object);
    wait();
  }
  std::vector<double> time(const Figure& figure, int count) override {
    Event start, end;
    check(cudaEventCreate(&start.object), "an event");
    check(cudaEventCreate(&end.object), "an event");
    Graph graph;
    Executable replay;
    if (!figure.whole) {
      capture(figure, graph);
      check(cudaGraphInstantiate(&replay.object, graph.object, 0), "a graph");
    }
    const auto all = [&] {
      if (figure.whole) launch_all(figure);
      else check(cudaGraphLaunch(replay.object, stream_.object), "replay of a graph");
    };
    all();  // what is loaded at first use
    wait();
    std::vector<double> seconds;
    for (int i = 0; i < count; i++) {
      check(cudaEventRecord(start.object, stream_.object), "an event");
      all();
      check(cudaEventRecord(end.object, stream_.object), "an event");
      wait();
      float milliseconds = 0;
      check(cudaEventElapsedTime(&milliseconds, start.object, end.object), "time of an event");
      seconds.push_back(double(milliseconds) * 1e-3 / figure.runs);
    }
    return seconds;
  }

 private:
  void wait() { check(cudaStreamSynchronize(stream_.object), "work on the device"); }
  /** From the first set on: a graph is captured once, so its runs are a whole number of laps over the sets, if those are to rotate. */
  void launch_all(const Figure& figure) {
    for (int i = 0; i < figure.runs; i++) figure.run(figure.sets[size_t(i) % figure.sets.size()], stream_.object);
  }
  /** Graphs leave out what launching costs the host: short kernels would be timed by it. */
  void capture(const Figure& figure, Graph& graph) {
    check(cudaStreamBeginCapture(stream_.object, cudaStreamCaptureModeThreadLocal), "capture of a graph");
    try {
      launch_all(figure);
    } catch (...) {
      cudaStreamEndCapture(stream_.object, &graph.object);  // a stream left in capture is of no use
      cudaGetLastError();
      throw;
    }
    check(cudaStreamEndCapture(stream_.object, &graph.object), "capture of a graph");
  }

  Stream stream_;
};

}  // namespace

std::unique_ptr<Machine> cuda_machine() { return std::make_unique<CudaMachine>(); }

}  // namespace raas
