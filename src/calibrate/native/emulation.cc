#include "emulation.h"
#include <ucontext.h>
#include <numeric>

namespace raas::emulation {
namespace {

constexpr size_t STACK_BYTES = 128 * 1024;
constexpr size_t SLOT_BYTES = 64;
constexpr size_t SHARED_ALIGNMENT = 128;

struct Transfer {
  void* shared;
  const void* global;  // nullptr: zeros
};
void land(const Transfer& transfer) {
  if (transfer.global != nullptr) std::memcpy(transfer.shared, transfer.global, 16);
  else std::memset(transfer.shared, 0, 16);
}

struct Group {  // of threads that wait for each other: a warp, the block
  int living = 0;
  int waiting = 0;
  uint64_t opened = 0;
};

struct Fiber {
  ucontext_t context;
  const Group* gate;  // where it waits until it opens for the time after `ticket`; nullptr: nowhere
  uint64_t ticket;
  std::vector<std::vector<Transfer>> groups;  // of asynchronous copies under way; the last one is still open
  dim3 index;
  int number = 0;
  bool done = false;
};

dim3 grid_, block_, block_index_;
std::vector<unsigned char> shared_;
std::vector<unsigned char> slots_;
std::vector<Group> warps_;
Group block_group_;
Fiber* current_ = nullptr;
ucontext_t scheduler_;
const std::function<void()>* body_ = nullptr;
std::exception_ptr failure_;
std::mt19937 random_;

void yield() { swapcontext(&current_->context, &scheduler_); }

void open_if_full(Group& group) {
  if (group.waiting < group.living || group.waiting == 0) return;
  group.waiting = 0;
  group.opened++;
}

void wait(Group& group) {
  current_->gate = &group;
  current_->ticket = group.opened;
  group.waiting++;
  open_if_full(group);
  if (group.opened == current_->ticket) yield();
  current_->gate = nullptr;
}

void leave(Group& group) {
  group.living--;
  open_if_full(group);
}

void entry() {
  try {
    (*body_)();
  } catch (...) {
    failure_ = std::current_exception();
  }
  current_->done = true;
  leave(warps_[current_->number / 32]);
  leave(block_group_);
  swapcontext(&current_->context, &scheduler_);
}

void prepare(Fiber& fiber, int number, unsigned char* stack) {
  fiber.done = false;
  fiber.gate = nullptr;
  fiber.groups.assign(1, {});
  fiber.number = number;
  fiber.index = dim3(number % block_.x, number / block_.x % block_.y, number / (block_.x * block_.y));
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = stack;
  fiber.context.uc_stack.ss_size = STACK_BYTES;
  fiber.context.uc_link = nullptr;
  makecontext(&fiber.context, entry, 0);
}

/** Runs the lanes of a warp that are not waiting, each until it waits or ends; false where there is none. */
bool run_warp(std::vector<Fiber>& fibers, size_t warp, const std::vector<size_t>& lanes) {
  bool ran = false;
  for (const size_t lane : lanes) {
    if (32 * warp + lane >= fibers.size()) continue;
    Fiber& fiber = fibers[32 * warp + lane];
    if (fiber.done || (fiber.gate != nullptr && fiber.gate->opened == fiber.ticket)) continue;
    ran = true;
    current_ = &fiber;
    swapcontext(&scheduler_, &fiber.context);
    if (failure_) std::rethrow_exception(failure_);
  }
  return ran;
}

void run_block(std::vector<Fiber>& fibers, std::vector<unsigned char>& stacks) {
  const int count = int(fibers.size());
  block_group_ = {count, 0, 0};
  warps_.assign((count + 31) / 32, Group{});
  for (int i = 0; i < count; i++) {
    warps_[i / 32].living++;
    prepare(fibers[i], i, stacks.data() + STACK_BYTES * i);
  }
  std::vector<size_t> lanes(32), warps(warps_.size());
  std::iota(lanes.begin(), lanes.end(), 0);
  std::iota(warps.begin(), warps.end(), 0);
  std::shuffle(lanes.begin(), lanes.end(), random_);
  while (block_group_.living > 0) {
    bool progress = false;
    std::shuffle(warps.begin(), warps.end(), random_);
    // As far ahead of the others as barriers of the block let it.
    for (const size_t warp : warps)
      while (run_warp(fibers, warp, lanes)) progress = true;
    if (!progress) throw Error("threads of a block wait at different barriers");
  }
}

}  // namespace

unsigned char* dynamic_shared() {
  const auto start = reinterpret_cast<uintptr_t>(shared_.data());
  return shared_.data() + (SHARED_ALIGNMENT - start % SHARED_ALIGNMENT) % SHARED_ALIGNMENT;
}
const dim3& thread_index() { return current_->index; }
const dim3& block_index() { return block_index_; }
const dim3& block_size() { return block_; }
const dim3& grid_size() { return grid_; }
void block_barrier() { wait(block_group_); }
void warp_barrier() { wait(warps_[current_->number / 32]); }
unsigned char* lane_slot(int lane) { return slots_.data() + (current_->number / 32 * 32 + lane) * SLOT_BYTES; }
int own_lane() { return current_->number % 32; }

void begin_copy(void* shared, const void* global) {
  if (random_() % 2 == 0) land({shared, global});
  else current_->groups.back().push_back({shared, global});
}
void close_copies() { current_->groups.emplace_back(); }
void await_copies(int pending) {
  auto& groups = current_->groups;
  for (; int(groups.size()) - 1 > pending; groups.erase(groups.begin()))
    for (const Transfer& transfer : groups.front()) land(transfer);
}

void run(dim3 grid, dim3 block, size_t shared_bytes, const std::function<void()>& body) {
  const size_t threads = size_t(block.x) * block.y * block.z;
  if (threads == 0 || threads > 1024) throw Error("a block of " + std::to_string(threads) + " threads is not possible");
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) throw Error("a grid of no blocks is not possible");
  grid_ = grid;
  block_ = block;
  body_ = &body;
  failure_ = nullptr;
  shared_.resize(shared_bytes + SHARED_ALIGNMENT);
  slots_.assign((threads + 31) / 32 * 32 * SLOT_BYTES, 0xff);
  std::vector<Fiber> fibers(threads);
  std::vector<unsigned char> stacks(STACK_BYTES * threads);
  random_.seed(1);
  for (unsigned z = 0; z < grid.z; z++)
    for (unsigned y = 0; y < grid.y; y++)
      for (unsigned x = 0; x < grid.x; x++) {
        block_index_ = dim3(x, y, z);
        // What a kernel reads before it writes must not happen to be zero.
        std::fill(shared_.begin(), shared_.end(), 0xff);
        run_block(fibers, stacks);
      }
}

}  // namespace raas::emulation
