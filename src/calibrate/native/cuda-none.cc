#include "backend.h"
#include "cuda-probe.h"

/** CUDA in a build without nvcc. */
namespace raas {

std::unique_ptr<Machine> cuda_machine() { throw Error("the addon was built without nvcc"); }

CudaProbe probe_cuda() {
  return {CudaState::not_built, "the addon was built without nvcc: install CUDA's compiler and run the build again", 0, 0, std::nullopt};
}

}  // namespace raas
