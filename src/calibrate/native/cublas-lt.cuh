#pragma once
#include "device.cuh"
#include "gemm.h"
#include "shared-library.h"

/**
 * cuBLASLt, if it is installed. Its functions and constants are declared here by hand as its reference documents them
 * (docs.nvidia.com/cuda/cublas, "Using the cuBLASLt API"): its headers are no part of a compiler.
 */
namespace raas::cuda {

class CublasLt {
 public:
  using Status = int;
  using Object = void*;
  struct Algorithm { uint64_t data[8]; };
  struct Heuristic {
    Algorithm algorithm;
    size_t workspace_bytes;
    Status status;
    float waves;
    int reserved[4];
  };
  enum { COMPUTE_F32 = 68, TRANSPOSED = 1, DESC_TRANSA = 3, PREFERENCE_WORKSPACE_BYTES = 1 };

  static const CublasLt& get() {
    static const CublasLt library;
    return library;
  }
  static bool installed() { return get().usable_; }
  std::string name() const {
    const size_t version = version_();
    return "cuBLASLt " + std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." + std::to_string(version % 100);
  }
  void check(Status status, const char* what) const {
    if (status != 0) throw Error(std::string("cuBLASLt: ") + what + ": status " + std::to_string(status));
  }

  Status (*create)(Object*);
  Status (*destroy)(Object);
  Status (*desc_create)(Object*, int compute, int scale_type);
  Status (*desc_set)(Object, int attribute, const void*, size_t);
  Status (*desc_destroy)(Object);
  Status (*layout_create)(Object*, int type, uint64_t rows, uint64_t columns, int64_t leading);
  Status (*layout_destroy)(Object);
  Status (*preference_create)(Object*);
  Status (*preference_set)(Object, int attribute, const void*, size_t);
  Status (*preference_destroy)(Object);
  Status (*heuristic)(Object, Object desc, Object a, Object b, Object c, Object d, Object preference, int asked, Heuristic*, int* got);
  Status (*matmul)(Object, Object desc, const void* alpha, const void* a, Object, const void* b, Object, const void* beta, const void* c, Object, void* d, Object,
                   const Algorithm*, void* workspace, size_t workspace_bytes, cudaStream_t);

 private:
  CublasLt() : library_({"libcublasLt.so.13", "libcublasLt.so.12"}) {
    usable_ = library_.find("cublasLtGetVersion", version_) && library_.find("cublasLtCreate", create) && library_.find("cublasLtDestroy", destroy) &&
              library_.find("cublasLtMatmulDescCreate", desc_create) && library_.find("cublasLtMatmulDescSetAttribute", desc_set) &&
              library_.find("cublasLtMatmulDescDestroy", desc_destroy) && library_.find("cublasLtMatrixLayoutCreate", layout_create) &&
              library_.find("cublasLtMatrixLayoutDestroy", layout_destroy) && library_.find("cublasLtMatmulPreferenceCreate", preference_create) &&
              library_.find("cublasLtMatmulPreferenceSetAttribute", preference_set) &&
              library_.find("cublasLtMatmulPreferenceDestroy", preference_destroy) && library_.find("cublasLtMatmulAlgoGetHeuristic", heuristic) &&
              library_.find("cublasLtMatmul", matmul);
  }

  const SharedLibrary library_;
  size_t (*version_)();
  bool usable_ = false;
};

/** The product by the algorithm that cuBLASLt's heuristic names first, with 32 MB of workspace: as PyTorch calls it. */
inline Run cublas_lt_gemm(const Gemm& gemm) {
  const CublasLt& lt = CublasLt::get();
  constexpr size_t WORKSPACE_BYTES = size_t(32) << 20;
  const auto made = [&](CublasLt::Status status, CublasLt::Object object, CublasLt::Status (*destroy)(CublasLt::Object), const char* what) {
    lt.check(status, what);
    return std::shared_ptr<void>(object, [destroy](void* owned) { destroy(owned); });
  };
  CublasLt::Object raw = nullptr;
  CublasLt::Status status = lt.create(&raw);
  const auto handle = made(status, raw, lt.destroy, "handle");
  status = lt.desc_create(&raw, CublasLt::COMPUTE_F32, CUDA_R_32F);
  const auto desc = made(status, raw, lt.desc_destroy, "description");
  // It counts in columns: our rows of x, w and y are its columns, so y^T = w · x^T with w transposed.
  const int32_t transposed = CublasLt::TRANSPOSED;
  lt.check(lt.desc_set(desc.get(), CublasLt::DESC_TRANSA, &transposed, sizeof transposed), "transposition");
  const auto layout = [&](int64_t rows, int64_t columns) {
    CublasLt::Object object = nullptr;
    const CublasLt::Status made_status = lt.layout_create(&object, CUDA_R_16BF, uint64_t(rows), uint64_t(columns), rows);
    return made(made_status, object, lt.layout_destroy, "layout");
  };
  const auto w = layout(gemm.k, gemm.n), x = layout(gemm.k, gemm.m), y = layout(gemm.n, gemm.m);
  status = lt.preference_create(&raw);
  const auto preference = made(status, raw, lt.preference_destroy, "preference");
  const uint64_t allowed = WORKSPACE_BYTES;
  lt.check(lt.preference_set(preference.get(), CublasLt::PREFERENCE_WORKSPACE_BYTES, &allowed, sizeof allowed), "workspace");
  CublasLt::Heuristic found{};
  int count = 0;
  lt.check(lt.heuristic(handle.get(), desc.get(), w.get(), x.get(), y.get(), y.get(), preference.get(), 1, &found, &count), "heuristic");
  if (count == 0) throw Error("cuBLASLt has no algorithm for this shape");
  const auto workspace = device_memory(WORKSPACE_BYTES);
  return [=, &lt](const Pointers& arrays, void* stream) {
    const float one = 1, zero = 0;
    lt.check(lt.matmul(handle.get(), desc.get(), &one, arrays[1], w.get(), arrays[0], x.get(), &zero, arrays[2], y.get(), arrays[2], y.get(),
                       &found.algorithm, workspace.get(), WORKSPACE_BYTES, static_cast<cudaStream_t>(stream)),
             "product");
  };
}

}  // namespace raas::cuda
