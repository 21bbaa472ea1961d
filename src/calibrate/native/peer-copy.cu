#ifndef RAAS_EMULATED  // there is one emulated device
#include "devices.cuh"
#include "peer-copy.h"

namespace raas::cuda {
namespace {

/** Lets a device write to another's memory where the machine has a way; elsewhere the driver copies through the host. */
void allow(int device, int other) {
  int possible = 0;
  check(cudaDeviceCanAccessPeer(&possible, device, other), "access between devices");
  if (!possible) return;
  const OnDevice scope(device);
  const cudaError_t code = cudaDeviceEnablePeerAccess(other, 0);
  if (code == cudaErrorPeerAccessAlreadyEnabled) cudaGetLastError();  // an error that is none must not be found by others
  else check(code, "access between devices");
}

}  // namespace

Run peer_copy(const Problem& problem) {
  const size_t bytes = dynamic_cast<const PeerCopy&>(problem).bytes;
  const int to = device_after(1), from = device_after(0);
  allow(from, to);
  allow(to, from);
  return [=](const Pointers& arrays, void* stream) {
    check(cudaMemcpyPeerAsync(arrays[1], to, arrays[0], from, bytes, static_cast<cudaStream_t>(stream)), "copy between devices");
  };
}

}  // namespace raas::cuda
#endif
