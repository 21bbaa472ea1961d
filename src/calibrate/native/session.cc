#include "session.h"
#include <algorithm>
#include <cmath>
#include "host.h"

namespace raas {
namespace {

constexpr size_t GUARD_BYTES = 256;  // behind every array, to catch writes past its end
constexpr unsigned char GUARD = 0xa5, POISON = 0xff;
/** Of free memory, what others may want meanwhile. */
constexpr double USABLE = 0.9;

std::string gigabytes(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f GB", bytes * 1e-9);
  return text;
}

Run backend_run(const Entry& entry, Backend backend, const Problem& problem) {
  const auto make = backend == Backend::cuda ? entry.cuda : backend == Backend::cpu ? entry.cpu : entry.emulated;
  if (make == nullptr)
    throw Error(entry.kernel.name + (backend == Backend::cuda  ? " has no CUDA kernel in this build of the addon"
                                     : backend == Backend::cpu ? " has nothing to measure on a CPU"
                                                               : " cannot be emulated"));
  Run run = make(problem);
  if (run == nullptr) throw Error(entry.kernel.name + " cannot run");
  return run;
}

}  // namespace

std::unique_ptr<Problem> problem_of(const Entry& entry, const Shape& shape) {
  for (const std::string& name : entry.kernel.sizes)
    if (shape.count(name) == 0) throw Error(entry.kernel.name + " needs a size " + name);
  for (const auto& [name, size] : shape)
    if (std::count(entry.kernel.sizes.begin(), entry.kernel.sizes.end(), name) == 0)
      throw Error(entry.kernel.name + " has no size " + name);
  return entry.kernel.problem(shape);
}

size_t set_bytes(const std::vector<Array>& arrays) {
  size_t bytes = 0;
  for (const Array& array : arrays) bytes += array.bytes();
  return bytes;
}

Session::Session(const Entry& entry, Backend backend, const Shape& shape, uint64_t seed, int sets)
    : entry_(entry), backend_(backend), random_(seed) {
  problem_ = problem_of(entry, shape);
  arrays_ = problem_->arrays();
  machine_ = backend == Backend::cuda ? cuda_machine() : cpu_machine();
  require_memory(sets);
  run_ = backend_run(entry, backend, *problem_);
  try {
    for (int i = 0; i < sets; i++) {
      Pointers& set = sets_.emplace_back();
      for (const Array& array : arrays_) set.push_back(machine_->allocate(array.bytes() + GUARD_BYTES, array.device));
    }
  } catch (...) {
    for (const Pointers& set : sets_)
      for (void* const memory : set) machine_->release(memory);
    throw;
  }
}

Session::~Session() {
  for (const Pointers& set : sets_)
    for (void* const memory : set) machine_->release(memory);
}

void Session::require_memory(int sets) {
  std::map<int, double> needed;
  double largest = 0;
  for (const Array& array : arrays_) {
    needed[array.device] += double(array.bytes() + 2 * GUARD_BYTES) * sets;
    largest = std::max(largest, double(array.bytes()));
  }
  // The check keeps what was there before and after on the host.
  const double on_host = 2.0 * double(set_bytes(arrays_)) + largest;
  if (backend_ != Backend::cuda) needed[0] += on_host;
  else if (on_host > USABLE * double(host_free_bytes()))
    throw Error("checking " + entry_.kernel.name + " needs " + gigabytes(on_host) + " on the host; " + gigabytes(double(host_free_bytes())) + " are free");
  for (const auto& [device, bytes] : needed) {
    const double free = double(machine_->free_bytes(device));
    if (bytes > USABLE * free)
      throw Error(entry_.kernel.name + " needs " + gigabytes(bytes) + "; " + gigabytes(free) + " are free");
  }
}

Agreement Session::check() {
  HostArrays before;
  for (const Array& array : arrays_) before.emplace_back(array.bytes(), POISON);
  problem_->fill(before, random_);
  const std::vector<unsigned char> guard(GUARD_BYTES, GUARD);
  for (const Pointers& set : sets_)
    for (size_t i = 0; i < before.size(); i++) {
      machine_->write(set[i], before[i].data(), before[i].size());
      machine_->write(static_cast<unsigned char*>(set[i]) + before[i].size(), guard.data(), GUARD_BYTES);
    }
  machine_->run(run_, sets_[0]);
  HostArrays after;
  for (size_t i = 0; i < before.size(); i++) {
    std::vector<unsigned char>& array = after.emplace_back(before[i].size() + GUARD_BYTES);
    machine_->read(array.data(), sets_[0][i], array.size());
    if (!std::equal(guard.begin(), guard.end(), array.end() - std::ptrdiff_t(GUARD_BYTES)))
      throw Error(entry_.kernel.name + " wrote past the end of " + arrays_[i].name);
    array.resize(before[i].size());
    if (arrays_[i].role == Role::input && array != before[i]) throw Error(entry_.kernel.name + " changed its input " + arrays_[i].name);
  }
  const Agreement agreement = problem_->compare(before, after, random_);
  // States go back to where they were, so that each set starts alike.
  for (size_t i = 0; i < before.size(); i++)
    if (arrays_[i].role == Role::state) machine_->write(sets_[0][i], before[i].data(), before[i].size());
  checked_ = true;
  return agreement;
}

std::vector<double> Session::time(int count, int runs) {
  if (!checked_) throw Error("a kernel is timed only once it has been checked");
  if (backend_ == Backend::emulated) throw Error("the emulation is for checks; it has no time");
  return machine_->time({run_, sets_, runs, entry_.kernel.whole}, count);
}

}  // namespace raas
