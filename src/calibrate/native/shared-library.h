#pragma once
#include <dlfcn.h>
#include <initializer_list>

namespace raas {

/** A library that a machine may have or not, opened at run time: nothing of it is needed to build or to start. */
class SharedLibrary {
 public:
  /** Opens the first of `names` that is there, and keeps it open. */
  explicit SharedLibrary(std::initializer_list<const char*> names) {
    for (const char* name : names)
      if ((handle_ = dlopen(name, RTLD_NOW | RTLD_LOCAL)) != nullptr) return;
  }
  /** Whether it has the function; `function` is it then. */
  template <typename F>
  bool find(const char* name, F*& function) const {
    function = handle_ == nullptr ? nullptr : reinterpret_cast<F*>(dlsym(handle_, name));
    return function != nullptr;
  }

 private:
  void* handle_ = nullptr;
};

}  // namespace raas
