// How ranks notice that one of them is gone, whatever launched them: each holds a connection (TCP) to the first, and a
// thread that listens. A process that dies closes its connection at once; a machine that is lost is silent for too long.
//
// A rank that fails says so over the same connection, and the first one passes it on to all.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/error.hpp"

namespace mlrun {

// Why all ranks have to end: one of them failed, or was lost.
struct RanksEnd {
  ExitCode code = ExitCode::kRankLost;
  int rank = 0;         // that failed or was lost
  std::string message;  // complete
};

class Lifeline {
 public:
  // Opens a socket on which the other ranks reach this process; they have to be told address() before they connect.
  static std::unique_ptr<Lifeline> listen(int ranks);
  const std::string& address() const { return address_; }  // "PORT TOKEN HOST IP IP ..."
  // Waits until all others have connected; false where that takes longer than `seconds`.
  bool accept_all(double seconds);
  // On every other rank: a connection to the first one, or null where it cannot be reached.
  static std::unique_ptr<Lifeline> connect(const std::string& address, int rank);
  ~Lifeline();
  Lifeline(const Lifeline&) = delete;
  Lifeline& operator=(const Lifeline&) = delete;

  // Begins to listen and to send signs of life, in a thread of its own.
  void start(int rank);
  // Throws the Error with which another rank ended the run, where one did.
  void check();
  bool ended() const { return ended_; }
  bool lost() const { return lost_; }  // by the death of a rank
  // Tells all ranks that this one fails, and with which message.
  void fail(ExitCode code, const std::string& message);
  // The line that ends the message about a lost rank, of work that can be gone on with: how.
  void set_remedy(const std::string& line);
  // Says that this rank's work is done, so that the end of its process is not taken for a loss.
  void say_farewell();
  // Waits until all whom this rank hears of have said so too, however long it takes, or one of them is lost or fails.
  void await_farewells();

 private:
  struct Peer {
    int rank = 0;
    int socket = -1;
    std::string name;      // "pid 123 on HOST"
    std::string received;  // the beginning of a message that is not complete yet
    double heard = 0;      // when the last bytes came from it, seconds of a clock
    bool farewell = false;
  };
  Lifeline() = default;
  void listen_to_all();
  void read_from(Peer& peer);
  void take_messages(Peer& peer);
  void lose(Peer& peer, const std::string& how);
  void end(const RanksEnd& how, const Peer* except);
  void say(const Peer& peer, char kind, const std::string& text);
  void await_main_thread();

  int rank_ = 0, server_ = -1;
  std::string address_, token_;
  std::vector<Peer> peers_;
  std::thread thread_;
  std::mutex mutex_;  // of end_ and remedy_, and of what is sent
  std::optional<RanksEnd> end_;
  std::string remedy_;
  std::atomic<size_t> farewells_ = 0;
  std::atomic<bool> ended_ = false, lost_ = false, noticed_ = false, leaving_ = false, stop_ = false;
};

}  // namespace mlrun
