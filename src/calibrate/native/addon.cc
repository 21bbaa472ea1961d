#include <cmath>
#include "cuda-probe.h"
#include "host.h"
#include "session.h"
#include "task.h"
#include "threads.h"

/** What JavaScript sees: src/calibrate/native-runner.ts states the types. */
namespace raas {
namespace {

constexpr const char* STATES[] = {"ok", "not built", "no driver", "driver too old", "no device", "failed"};
constexpr const char* BACKENDS[] = {"cuda", "cpu", "emulated"};

using Handle = std::shared_ptr<Session>;

Napi::Object device_object(Napi::Env env, const CudaDevice& device) {
  auto object = Napi::Object::New(env);
  object["name"] = device.name;
  object["computeCapability"] = std::to_string(device.major) + "." + std::to_string(device.minor);
  object["memoryBytes"] = double(device.memory_bytes);
  object["freeBytes"] = double(device.free_bytes);
  object["cacheBytes"] = double(device.l2_bytes);
  object["multiprocessors"] = device.multiprocessors;
  object["devices"] = device.devices;
  object["bandwidthBytesPerSecond"] = device.bandwidth_bytes_per_second;
  object["driver"] = device.driver;
  object["pci"] = device.pci;
  return object;
}

Napi::Value probe(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  const CudaProbe found = probe_cuda();
  auto cuda = Napi::Object::New(env);
  cuda["state"] = STATES[int(found.state)];
  cuda["message"] = found.message;
  cuda["driverVersion"] = found.driver_version;
  cuda["runtimeVersion"] = found.runtime_version;
  cuda["device"] = found.device ? Napi::Value(device_object(env, *found.device)) : env.Null();
  const Host own = host();
  auto cpu = Napi::Object::New(env);
  cpu["name"] = own.name;
  cpu["threads"] = own.threads;
  cpu["memoryBytes"] = double(own.memory_bytes);
  cpu["freeBytes"] = double(host_free_bytes());
  cpu["cacheBytes"] = double(own.cache_bytes);
  auto object = Napi::Object::New(env);
  object["cuda"] = cuda;
  object["cpu"] = cpu;
  object["compiler"] = RAAS_COMPILER;
  return object;
}

/** useThreads(count): of the CPU backend, before the first kernel runs. */
Napi::Value use_threads(const Napi::CallbackInfo& call) {
  cpu::use_threads(call[0].As<Napi::Number>().Int32Value());
  return call.Env().Undefined();
}

Napi::Value list_kernels(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  const bool device = probe_cuda().state == CudaState::ok;
  auto list = Napi::Array::New(env);
  for (const Entry& entry : kernels()) {
    auto sizes = Napi::Array::New(env), backends = Napi::Array::New(env);
    for (const std::string& name : entry.kernel.sizes) sizes[sizes.Length()] = name;
    const bool there[] = {entry.cuda != nullptr, entry.cpu != nullptr, entry.emulated != nullptr};
    for (int i = 0; i < 3; i++)
      if (there[i]) backends[backends.Length()] = BACKENDS[i];
    auto object = Napi::Object::New(env);
    object["name"] = entry.kernel.name;
    object["sizes"] = sizes;
    object["backends"] = backends;
    object["implementation"] = device && entry.implementation != nullptr ? entry.implementation() : "raas-sim";
    list[list.Length()] = object;
  }
  return list;
}

Backend backend_of(const std::string& name) {
  for (int i = 0; i < 3; i++)
    if (name == BACKENDS[i]) return Backend(i);
  throw Error("no backend " + name);
}

const Entry& entry_of(const std::string& name) {
  for (const Entry& entry : kernels())
    if (entry.kernel.name == name) return entry;
  throw Error("no kernel " + name);
}

Shape shape_of(const Napi::Value& value) {
  Shape shape;
  for (const auto& [key, size] : value.As<Napi::Object>())
    shape[key.As<Napi::String>()] = size.operator Napi::Value().As<Napi::Number>().Int64Value();
  return shape;
}

/** work(kernel, shape): counted bytes and FLOPs of a run, and the memory of one input set. */
Napi::Value work(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  try {
    const auto problem = problem_of(entry_of(call[0].As<Napi::String>()), shape_of(call[1]));
    auto object = Napi::Object::New(env);
    object["bytes"] = problem->work().bytes;
    object["flops"] = problem->work().flops;
    object["setBytes"] = double(set_bytes(problem->arrays()));
    return object;
  } catch (const Error& error) {
    throw Napi::Error::New(env, error.what());
  }
}

/** open(backend, kernel, shape, seed, sets) */
Napi::Value open(const Napi::CallbackInfo& call) {
  const std::string backend = call[0].As<Napi::String>(), name = call[1].As<Napi::String>();
  const Shape shape = shape_of(call[2]);
  const uint64_t seed = uint64_t(call[3].As<Napi::Number>().Int64Value());
  const int sets = call[4].As<Napi::Number>().Int32Value();
  return Task<Handle>::start(
      call.Env(), [=] { return std::make_shared<Session>(entry_of(name), backend_of(backend), shape, seed, sets); },
      [](Napi::Env env, const Handle& session) -> Napi::Value {
        return Napi::External<Handle>::New(env, new Handle(session), [](Napi::Env, Handle* handle) { delete handle; });
      });
}

Handle session_of(const Napi::Value& value) {
  const Handle session = *value.As<Napi::External<Handle>>().Data();
  if (session == nullptr) throw Napi::Error::New(value.Env(), "the kernel is closed");
  return session;
}

Napi::Value check(const Napi::CallbackInfo& call) {
  const Handle session = session_of(call[0]);
  return Task<Agreement>::start(
      call.Env(), [session] { return session->check(); },
      [](Napi::Env env, const Agreement& agreement) -> Napi::Value {
        auto object = Napi::Object::New(env);
        object["relativeError"] = agreement.relative_error;
        object["compared"] = double(agreement.compared);
        return object;
      });
}

/** time(handle, count, runs) */
Napi::Value time(const Napi::CallbackInfo& call) {
  const Handle session = session_of(call[0]);
  const int count = call[1].As<Napi::Number>().Int32Value(), runs = call[2].As<Napi::Number>().Int32Value();
  return Task<std::vector<double>>::start(
      call.Env(), [=] { return session->time(count, runs); },
      [](Napi::Env env, const std::vector<double>& seconds) -> Napi::Value {
        auto list = Napi::Array::New(env, seconds.size());
        for (size_t i = 0; i < seconds.size(); i++) list[uint32_t(i)] = seconds[i];
        return list;
      });
}

/** Frees all memory of a kernel, once what runs has ended. */
Napi::Value close(const Napi::CallbackInfo& call) {
  auto session = std::make_shared<Handle>(std::move(*call[0].As<Napi::External<Handle>>().Data()));
  return Task<bool>::start(
      call.Env(), [session] { session->reset(); return true; },
      [](Napi::Env env, const bool&) -> Napi::Value { return env.Undefined(); });
}

/** Clocks, temperature and power of the device at a PCI address; null where nothing says them. */
Napi::Value conditions_of(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  const auto found = conditions(call[0].As<Napi::String>());
  if (!found) return env.Null();
  auto object = Napi::Object::New(env);
  const auto put = [&](const char* name, double value) {
    object[name] = std::isnan(value) ? env.Null() : Napi::Value(Napi::Number::New(env, value));
  };
  put("smClockHz", found->sm_clock_hz);
  put("memoryClockHz", found->memory_clock_hz);
  put("temperatureC", found->temperature_c);
  put("powerW", found->power_w);
  return object;
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  exports["probe"] = Napi::Function::New(env, probe);
  exports["useThreads"] = Napi::Function::New(env, use_threads);
  exports["kernels"] = Napi::Function::New(env, list_kernels);
  exports["work"] = Napi::Function::New(env, work);
  exports["open"] = Napi::Function::New(env, open);
  exports["check"] = Napi::Function::New(env, check);
  exports["time"] = Napi::Function::New(env, time);
  exports["close"] = Napi::Function::New(env, close);
  exports["conditions"] = Napi::Function::New(env, conditions_of);
  return exports;
}

NODE_API_MODULE(raas, initialise)

}  // namespace
}  // namespace raas
