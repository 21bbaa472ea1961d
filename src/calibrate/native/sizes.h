#pragma once
#include "kernel.h"

namespace raas {

/** A size of a shape that has to be at least `least`. */
inline int64_t size_in(const Shape& shape, const std::string& name, int64_t least = 1) {
  const int64_t value = shape.at(name);
  if (value < least)
    throw Error(name + " " + std::to_string(value) + " is not allowed; expected an integer of at least " + std::to_string(least));
  return value;
}

/** A size of a shape that is one of `allowed`. */
inline int64_t size_among(const Shape& shape, const std::string& name, std::initializer_list<int64_t> allowed) {
  const int64_t value = shape.at(name);
  std::string list;
  for (const int64_t each : allowed) {
    if (value == each) return value;
    list += (list.empty() ? "" : ", ") + std::to_string(each);
  }
  throw Error(name + " " + std::to_string(value) + " is not allowed; expected one of " + list);
}

/** A size of a shape that is a multiple of `unit`, so that rows of a kernel's arrays start at addresses it can load at once. */
inline int64_t size_multiple(const Shape& shape, const std::string& name, int64_t unit) {
  const int64_t value = size_in(shape, name);
  if (value % unit != 0) throw Error(name + " " + std::to_string(value) + " is not allowed; expected a multiple of " + std::to_string(unit));
  return value;
}

}  // namespace raas
