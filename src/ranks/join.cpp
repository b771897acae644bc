#include "ranks/join.hpp"

#include <dlfcn.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <thread>

#include "base/cpu.hpp"
#include "base/log.hpp"
#include "base/stopwatch.hpp"
#include "ranks/lifeline.hpp"
#include "ranks/transport.hpp"

namespace mlrun {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLibrary = "libmlrun_mpi.so";
constexpr double kGrace = 0.1;   // seconds that messages have once a rank has failed
constexpr double kMeeting = 20;  // seconds that ranks have to find each other

// Null where it cannot be used, and why.
const MlrunTransport* load_transport(std::string& reason) {
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  reason = "it is not there";
  for (const fs::path& place : {program / kLibrary, program / "../lib/mlrun" / kLibrary}) {
    if (!fs::exists(place, ignored)) continue;
    // Global: the parts that Open MPI loads by itself look for its symbols there.
    void* library = dlopen(place.c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (!library) {
      reason = dlerror();
      continue;
    }
    auto* function = reinterpret_cast<MlrunTransportFunction*>(dlsym(library, kMlrunTransportSymbol));
    const MlrunTransport* transport = function ? function() : nullptr;
    if (transport && transport->version == kMlrunTransport) return transport;
    reason = place.string() + " is of another version of mlrun";
  }
  return nullptr;
}

const MlrunTransport& require_transport(const Launch& launch) {
  std::string reason;
  if (const MlrunTransport* transport = load_transport(reason)) return *transport;
  fail(ExitCode::kUsage,
       "{} started {} processes, and this mlrun cannot join them: {} ({})\n"
       "  on Debian and Ubuntu, scripts/install_packages.sh mpi, then build again (where mlrun is a package, there is "
       "another, mlrun-mpi); or leave {} away",
       launch.launcher, launch.size, kLibrary, reason, launch.launcher);
}

// Waits between looks at something that should come: not at all at first, then by yielding the core, then by sleeping for
// longer and longer, so that ranks which share cores give them to each other.
class Patience {
 public:
  void wait() {
    if (++looks_ < 200) return;
    const double waited = seconds();
    if (waited < 5e-4) {
      sched_yield();
      return;
    }
    const auto pause = static_cast<int64_t>(std::min(1e-3, waited / 16) * 1e9);
    const timespec time{0, static_cast<decltype(timespec::tv_nsec)>(pause)};
    nanosleep(&time, nullptr);
  }
  double seconds() const { return watch_.seconds(); }

 private:
  int64_t looks_ = 0;
  Stopwatch watch_;
};

class LaunchedRanks : public Ranks {
 public:
  LaunchedRanks(const MlrunTransport& transport, const Launch& launch) : transport_(transport) {
    if (transport_.open(&rank_, &size_) != 0)
      mlrun::fail(ExitCode::kUsage, "{} does not start here", transport_.library);
    if (size_ != launch.size) {
      mlrun::fail(ExitCode::kUsage,
                  "{} started {} processes, and {} knows of {}: they would be so many runs\n"
                  "  of Slurm   srun --mpi=pmix ...\n"
                  "  if each is meant to be a run of its own   MLRUN_RANKS=alone",
                  launch.launcher, launch.size, transport_.library, size_);
    }
    meet();
    count_sharing();
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  int sharing_cores() const override { return sharing_cores_; }
  void set_remedy(const std::string& line) override {
    if (lifeline_) lifeline_->set_remedy(line);
  }

  void fail(ExitCode code, const std::string& message) override {
    if (lifeline_) lifeline_->fail(code, message);
    failed_ = true;
  }

  void leave(ExitCode code) override {
    std::fflush(stdout);
    // Where a rank is lost, or the others cannot be told of a failure, waiting for them would never end.
    if ((lifeline_ && lifeline_->lost()) || (!lifeline_ && failed_)) std::_Exit(static_cast<int>(code));
    if (lifeline_ && !failed_) {
      lifeline_->say_farewell();
      lifeline_->await_farewells();
      if (lifeline_->lost()) end_with(code);
    }
    std::atomic<bool> closed = false;
    std::thread guard([&] {
      for (int i = 0; i < 900 && !closed; ++i) pause_for(0.01);
      if (!closed) std::_Exit(static_cast<int>(code));
    });
    transport_.close();
    closed = true;
    guard.join();
    lifeline_.reset();
  }

 private:
  // A rank was lost while this one waited for the end. The first has all that there is to have, and the others say that
  // it is the first that was lost.
  [[noreturn]] void end_with(ExitCode code) {
    try {
      if (!first()) lifeline_->check();
    } catch (const Error& e) {
      log::error("{}", e.what());
      code = e.code();
    }
    std::_Exit(static_cast<int>(code));
  }

  static void pause_for(double seconds) {
    const timespec time{0, static_cast<decltype(timespec::tv_nsec)>(seconds * 1e9)};
    nanosleep(&time, nullptr);
  }

  void transfer(std::span<const Send> sends, std::span<const Receive> receives) override {
    std::vector<MlrunMessage> messages;
    for (const Receive& r : receives) messages.push_back({r.from, 0, r.bytes.data(), r.bytes.size()});
    // MPI reads what is sent through a pointer that might be written to.
    for (const Send& s : sends) messages.push_back({s.to, 1, const_cast<std::byte*>(s.bytes.data()), s.bytes.size()});
    int done = transport_.begin(messages.data(), messages.size()) == 0 ? 0 : -1;
    double grace = 0;
    for (Patience patience; done != 1; done = done == 0 ? transport_.done() : done) {
      // What was sent before a rank failed still arrives: where all fail for one reason, each says so itself.
      if (lifeline_ && lifeline_->ended()) {
        if (grace == 0) grace = patience.seconds() + kGrace;
        if (done < 0 || patience.seconds() > grace) lifeline_->check();
      }
      // The lifeline says soon which rank it was.
      if (done < 0 && (!lifeline_ || patience.seconds() > kMeeting))
        mlrun::fail(ExitCode::kRankLost, "{} lost the connection to another rank", transport_.library);
      if (!lifeline_ && meeting_ && patience.seconds() > kMeeting)
        mlrun::fail(ExitCode::kRankLost, "the {} ranks did not meet within {:.0f} seconds", size_, kMeeting);
      patience.wait();
    }
  }

  void meet() {
    meeting_ = true;
    std::unique_ptr<Lifeline> line;
    if (first()) line = Lifeline::listen(size_);
    const std::string address = text_of_first(*this, line ? line->address() : "");
    if (first()) {
      if (line && !line->accept_all(kMeeting / 2)) line.reset();
    } else if (!address.empty()) {
      line = Lifeline::connect(address, rank_);
    }
    const std::vector<char> connected = of_all<char>(*this, line ? 1 : 0);
    meeting_ = false;
    const auto without = std::find(connected.begin() + 1, connected.end(), 0);
    if (without != connected.end() || connected[0] == 0) {
      if (first())
        log::warning("{} cannot reach the first rank by TCP: when a rank dies, the others hear of it by {} alone",
                     without == connected.end() ? "a rank" : fmt::format("rank {}", without - connected.begin()),
                     transport_.library);
      return;
    }
    lifeline_ = std::move(line);
    lifeline_->start(rank_);
  }

  // Ranks of one machine that may use the same cores have them together.
  void count_sharing() {
    std::array<char, 256> host{};
    gethostname(host.data(), host.size() - 1);
    std::string own = host.data();
    for (const int core : affinity_cores()) own += fmt::format(" {}", core);
    const std::vector<std::string> all = texts_of_all(*this, own);
    sharing_cores_ = static_cast<int>(std::count(all.begin(), all.end(), own));
  }

  const MlrunTransport& transport_;
  int rank_ = 0, size_ = 1, sharing_cores_ = 1;
  bool meeting_ = false, failed_ = false;
  std::unique_ptr<Lifeline> lifeline_;
};

}  // namespace

std::unique_ptr<Ranks> join_ranks(const Launch& launch) {
  return std::make_unique<LaunchedRanks>(require_transport(launch), launch);
}

RanksLibrary library_of_ranks() {
  std::string reason;
  const MlrunTransport* transport = load_transport(reason);
  return transport ? RanksLibrary{transport->library, ""} : RanksLibrary{"", fmt::format("{}: {}", kLibrary, reason)};
}

}  // namespace mlrun
