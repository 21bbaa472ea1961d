#pragma once
#include "backend.h"
#include "kernels.h"

namespace raas {

/** A kernel's problem; throws Error if a size of its shape is missing, unknown or not allowed. */
std::unique_ptr<Problem> problem_of(const Entry& entry, const Shape& shape);
size_t set_bytes(const std::vector<Array>& arrays);

/**
 * One problem in the memory of one backend: opened, checked against its reference, timed, closed. Holds `sets` copies of
 * its arrays, the same values at other places.
 */
class Session {
 public:
  /** Throws Error for a shape that is not allowed, a backend that is not there, or if memory does not suffice. */
  Session(const Entry& entry, Backend backend, const Shape& shape, uint64_t seed, int sets);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /** Runs once on fresh inputs and poisoned outputs. Throws Error if an input or what lies behind an array was changed. */
  Agreement check();
  /** Seconds of a run: `count` figures, each the mean of `runs` runs. Only once it has been checked. */
  std::vector<double> time(int count, int runs);

 private:
  void require_memory(int sets);

  const Entry& entry_;
  const Backend backend_;
  std::unique_ptr<Problem> problem_;
  std::vector<Array> arrays_;
  std::unique_ptr<Machine> machine_;
  Run run_;
  Random random_;
  std::vector<Pointers> sets_;
  bool checked_ = false;
};

}  // namespace raas
