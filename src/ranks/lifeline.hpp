// How ranks notice that one of them is gone, whatever launched them: each holds a connection (TCP) to the first, and a
// thread that listens. A process that dies closes its connection at once; a machine that is lost is silent for too long.
//
// A rank that fails says so over the same connection, and the first one passes it on to all.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/error.hpp"

namespace mlrun {

// How a run ended on account of some rank.
struct RanksEnd {
  ExitCode code = ExitCode::kRankLost;
  int rank = 0;         // that failed or was lost
  std::string message;  // complete
};

class Lifeline {
 public:
  // A place where others can reach this process: to be told to all ranks before they connect.
  static std::unique_ptr<Lifeline> listen(int ranks);
  const std::string& address() const { return address_; }  // "PORT TOKEN HOST IP IP ..."
  // Until all others have connected; false after `seconds` in vain.
  bool accept_all(double seconds);
  // Of another rank: a connection to the first one, or null.
  static std::unique_ptr<Lifeline> connect(const std::string& address, int rank);
  ~Lifeline();
  Lifeline(const Lifeline&) = delete;
  Lifeline& operator=(const Lifeline&) = delete;

  void start(int rank);  // the thread
  // Throws the Error of an end that came from another rank, once there was one.
  void check();
  bool ended() const { return ended_; }
  bool lost() const { return lost_; }  // by the death of a rank
  // This rank fails.
  void fail(ExitCode code, const std::string& message);
  void set_remedy(const std::string& line);
  // This rank's work is done: that it goes is no loss.
  void say_farewell();

 private:
  struct Peer {
    int rank = 0;
    int socket = -1;
    std::string name;      // "pid 123 on HOST"
    std::string received;  // of a message that is not complete yet
    double heard = 0;      // when it last said something, seconds
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
  std::atomic<bool> ended_ = false, lost_ = false, noticed_ = false, leaving_ = false, stop_ = false;
};

}  // namespace mlrun
