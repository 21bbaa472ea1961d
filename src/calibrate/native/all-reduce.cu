#ifndef RAAS_EMULATED  // there is one emulated device
#include "all-reduce.h"
#include "devices.cuh"
#include "shared-library.h"

namespace raas::cuda {
namespace {

/** NCCL, if it is installed; declared by hand as its API reference documents it. */
struct Nccl {
  using Comm = void*;
  enum { BFLOAT16 = 9, SUM = 0 };

  static const Nccl& get() {
    static const Nccl library;
    return library;
  }
  void check(int status, const char* what) const {
    if (status != 0) throw Error(std::string("NCCL: ") + what + ": " + error_string(status));
  }

  bool installed = false;
  int (*version)(int*);
  const char* (*error_string)(int);
  int (*comm_init_all)(Comm*, int count, const int* devices);
  int (*comm_destroy)(Comm);
  int (*group_start)();
  int (*group_end)();
  int (*all_reduce)(const void* from, void* to, size_t count, int type, int operation, Comm, cudaStream_t);

 private:
  Nccl() : library_({"libnccl.so.2"}) {
    installed = library_.find("ncclGetVersion", version) && library_.find("ncclGetErrorString", error_string) &&
                library_.find("ncclCommInitAll", comm_init_all) && library_.find("ncclCommDestroy", comm_destroy) &&
                library_.find("ncclGroupStart", group_start) && library_.find("ncclGroupEnd", group_end) && library_.find("ncclAllReduce", all_reduce);
  }
  const SharedLibrary library_;
};

/** A communicator a device; streams and events of all but the first, which works on the stream of the run. */
struct Ranks {
  explicit Ranks(int count) : comms(size_t(count)), streams(size_t(count)), done(size_t(count)) {
    std::vector<int> devices;
    for (int i = 0; i < count; i++) devices.push_back(device_after(i));
    for (int i = 0; i < count; i++) {
      const OnDevice scope(devices[size_t(i)]);
      if (i > 0) check(cudaStreamCreateWithFlags(&streams[size_t(i)], cudaStreamNonBlocking), "stream");
      check(cudaEventCreateWithFlags(&done[size_t(i)], cudaEventDisableTiming), "event");
    }
    Nccl::get().check(Nccl::get().comm_init_all(comms.data(), count, devices.data()), "communicators");
  }
  ~Ranks() {
    for (const auto comm : comms) if (comm != nullptr) Nccl::get().comm_destroy(comm);
    for (const auto event : done) if (event != nullptr) cudaEventDestroy(event);
    for (const auto stream : streams) if (stream != nullptr) cudaStreamDestroy(stream);
  }
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  std::vector<Nccl::Comm> comms;
  std::vector<cudaStream_t> streams;
  std::vector<cudaEvent_t> done;  // the first: of the work before the run
};

}  // namespace

Run all_reduce(const Problem& problem) {
  const auto& reduce = dynamic_cast<const AllReduce&>(problem);
  const size_t gpus = size_t(reduce.gpus), count = reduce.bytes / 2;
  device_after(int(gpus) - 1);
  const Nccl& nccl = Nccl::get();
  if (!nccl.installed) throw Error("all-reduce needs NCCL: libnccl.so.2 is not installed, or not where libraries are looked for");
  const auto ranks = std::make_shared<Ranks>(int(gpus));
  return [=, &nccl](const Pointers& arrays, void* raw) {
    const auto stream = static_cast<cudaStream_t>(raw);
    const auto of = [&](size_t i) { return i == 0 ? stream : ranks->streams[i]; };
    check(cudaEventRecord(ranks->done[0], stream), "event");
    for (size_t i = 1; i < gpus; i++) check(cudaStreamWaitEvent(of(i), ranks->done[0], 0), "wait for the first device");
    nccl.check(nccl.group_start(), "group");
    for (size_t i = 0; i < gpus; i++)
      nccl.check(nccl.all_reduce(arrays[i], arrays[gpus + i], count, Nccl::BFLOAT16, Nccl::SUM, ranks->comms[i], of(i)), "all-reduce");
    nccl.check(nccl.group_end(), "all-reduce");
    for (size_t i = 1; i < gpus; i++) {
      check(cudaEventRecord(ranks->done[i], of(i)), "event");
      check(cudaStreamWaitEvent(stream, ranks->done[i], 0), "wait for the other devices");
    }
  };
}

std::string all_reduce_implementation() {
  if (!Nccl::get().installed) return "NCCL, which is not installed";
  int version = 0;
  Nccl::get().check(Nccl::get().version(&version), "version");
  return "NCCL " + std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." + std::to_string(version % 100);
}

}  // namespace raas::cuda
#endif
