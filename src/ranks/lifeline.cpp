#include "ranks/lifeline.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <sstream>

#include "base/host_name.hpp"
#include "base/log.hpp"
#include "base/number.hpp"
#include "ranks/connection.hpp"

namespace mlrun {
namespace {

constexpr double kPing = 1;      // seconds from one sign of life to the next
constexpr double kSilence = 7;   // that mean a rank is lost
constexpr double kNotice = 0.4;  // that the main thread has, once a rank is lost: mpirun kills all after a second
constexpr double kFailing = 8;   // and that it has where one failed, which waits for the first

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

std::unique_ptr<Lifeline> Lifeline::listen(int ranks) {
  auto line = std::unique_ptr<Lifeline>(new Lifeline());
  line->server_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;  // any address, a port that is free
  socklen_t size = sizeof address;
  if (line->server_ < 0 || bind(line->server_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(line->server_, ranks) != 0 ||
      getsockname(line->server_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return nullptr;
  line->token_ = random_token();
  line->address_ = fmt::format("{} {} {}", ntohs(address.sin_port), line->token_, host_name());
  for (const std::string& ip : own_addresses()) line->address_ += " " + ip;
  line->peers_.reserve(static_cast<size_t>(ranks));
  return line;
}

bool Lifeline::accept_all(double seconds) {
  const double end = now() + seconds;
  while (peers_.size() + 1 < peers_.capacity()) {
    if (now() > end) return false;
    if (!wait_for(server_, POLLIN, 0.5)) continue;
    const int fd = accept4(server_, nullptr, nullptr, SOCK_CLOEXEC);
    std::string text;
    if (fd < 0 || !receive_text(fd, 'H', text, 5)) {
      if (fd >= 0) close(fd);
      continue;
    }
    std::istringstream words(text);
    std::string token;
    Peer peer;
    words >> token >> peer.rank;
    std::getline(words >> std::ws, peer.name);
    if (token != token_ || !send_all(fd, framed('H', token_))) {
      close(fd);
      continue;
    }
    peer.socket = fd;
    peers_.push_back(peer);
  }
  return true;
}

std::unique_ptr<Lifeline> Lifeline::connect(const std::string& address, int rank) {
  std::istringstream words(address);
  std::string token, host;
  int port = 0;
  words >> port >> token >> host;
  std::vector<std::string> ips;
  for (std::string ip; words >> ip;) ips.push_back(ip);
  if (host == host_name() && !ips.empty()) ips.insert(ips.begin(), "127.0.0.1");
  for (const std::string& ip : ips) {
    const int fd = connect_to(ip, port, 3);
    if (fd < 0) continue;
    std::string answer;
    if (send_all(fd, framed('H', fmt::format("{} {} pid {} on {}", token, rank, getpid(), host_name()))) &&
        receive_text(fd, 'H', answer, 5) && answer == token) {
      auto line = std::unique_ptr<Lifeline>(new Lifeline());
      Peer peer;
      peer.socket = fd;
      peer.name = "on " + host;
      line->peers_.push_back(peer);
      return line;
    }
    close(fd);  // somebody else's
  }
  return nullptr;
}

Lifeline::~Lifeline() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  for (const Peer& peer : peers_) close(peer.socket);
  if (server_ >= 0) close(server_);
}

void Lifeline::start(int rank) {
  rank_ = rank;
  for (Peer& peer : peers_) peer.heard = now();
  thread_ = std::thread([this] { listen_to_all(); });
}

void Lifeline::say(const Peer& peer, char kind, const std::string& text) {
  if (peer.socket < 0) return;
  send_all(peer.socket, framed(kind, text.substr(0, kLongestMessage)));
}

void Lifeline::listen_to_all() {
  double pinged = 0, woken = now();
  while (!stop_) {
    std::vector<pollfd> sockets;
    for (const Peer& peer : peers_) sockets.push_back({peer.farewell ? -1 : peer.socket, POLLIN, 0});
    poll(sockets.data(), sockets.size(), 200);
    const double time = now();
    // This process itself was stopped (Ctrl-Z, a suspended machine), and heard nothing: that is no silence of the others.
    if (time - woken > kPing * 2) {
      for (Peer& peer : peers_) peer.heard = time;
    }
    woken = time;
    for (size_t i = 0; i < peers_.size(); ++i) {
      Peer& peer = peers_[i];
      if (peer.farewell) continue;
      if (sockets[i].revents != 0) read_from(peer);
      else if (time - peer.heard > kSilence) lose(peer, fmt::format("it has been silent for {:.0f} seconds", kSilence));
    }
    if (time - pinged >= kPing) {
      const std::lock_guard lock(mutex_);
      // Those too that have said farewell, who wait until this rank does.
      for (const Peer& peer : peers_) say(peer, 'P', "");
      pinged = time;
    }
    if (ended_ && !noticed_ && !leaving_) await_main_thread();
  }
}

void Lifeline::read_from(Peer& peer) {
  std::array<char, 4096> bytes{};
  const ssize_t got = recv(peer.socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (got > 0) {
    peer.heard = now();
    peer.received.append(bytes.data(), static_cast<size_t>(got));
    return take_messages(peer);
  }
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  lose(peer, "it was killed, or it crashed");
}

void Lifeline::take_messages(Peer& peer) {
  while (peer.received.size() >= kMessageHead) {
    const size_t size = std::strtoul(peer.received.substr(1, kMessageHead - 1).c_str(), nullptr, 16);
    if (peer.received.size() < kMessageHead + size) return;
    const char kind = peer.received[0];
    const std::string text = peer.received.substr(kMessageHead, size);
    peer.received.erase(0, kMessageHead + size);
    if (kind == 'B' && !peer.farewell) {
      peer.farewell = true;
      ++farewells_;
    }
    if (kind != 'F') continue;
    std::istringstream words(text);
    RanksEnd how;
    int code = 0;
    words >> code >> how.rank;
    how.code = static_cast<ExitCode>(code);
    if (how.code == ExitCode::kRankLost) lost_ = true;
    std::getline(words >> std::ws, how.message, '\0');
    if (rank_ == 0) how.message = fmt::format("rank {} ({}): {}", peer.rank, peer.name, how.message);
    end(how, &peer);
  }
}

void Lifeline::lose(Peer& peer, const std::string& how) {
  lost_ = true;
  std::string message = fmt::format("rank {} ({}) is gone: {}", peer.rank, peer.name, how);
  {
    const std::lock_guard lock(mutex_);
    if (!remedy_.empty()) message += "; what came after the last checkpoint is lost\n  " + remedy_;
  }
  end({ExitCode::kRankLost, peer.rank, message}, nullptr);  // one that was only silent is to hear of it, should it wake
  peer.farewell = true;                                     // nothing more will be heard
}

// Tells all peers how the run ended, but for `except`, from which this rank heard it.
void Lifeline::end(const RanksEnd& how, const Peer* except) {
  const std::lock_guard lock(mutex_);
  if (end_) return;
  end_ = how;
  ended_ = true;
  if (rank_ != 0) return;
  for (const Peer& peer : peers_) {
    if (&peer != except) say(peer, 'F', fmt::format("{} {} {}", static_cast<int>(how.code), how.rank, end_->message));
  }
}

// The main thread hears of it when it next waits for the others. If it does not wait soon, this ends the process.
void Lifeline::await_main_thread() {
  const double until = now() + (lost_ && rank_ == 0 ? kNotice : kFailing);
  while (!noticed_ && !leaving_ && !stop_ && now() < until) {
    constexpr timespec kPause{0, 5'000'000};
    nanosleep(&kPause, nullptr);
  }
  if (noticed_ || leaving_ || stop_) return;
  const std::lock_guard lock(mutex_);
  log::error("{}", end_->message);
  std::_Exit(static_cast<int>(end_->code));
}

void Lifeline::check() {
  if (!ended_) return;
  noticed_ = true;
  const std::lock_guard lock(mutex_);
  // The first rank, which prints for all, is gone: the next one says so.
  if (rank_ == 1 && end_->code == ExitCode::kRankLost && end_->rank == 0) log::mute(false);
  throw Error(end_->code, end_->message);
}

void Lifeline::fail(ExitCode code, const std::string& message) {
  const std::lock_guard lock(mutex_);
  leaving_ = true;
  if (end_) return;
  end_ = RanksEnd{code, rank_, message};
  ended_ = true;
  for (const Peer& peer : peers_) say(peer, 'F', fmt::format("{} {} {}", static_cast<int>(code), rank_, message));
}

void Lifeline::set_remedy(const std::string& line) {
  const std::lock_guard lock(mutex_);
  remedy_ = line;
}

void Lifeline::say_farewell() {
  const std::lock_guard lock(mutex_);
  leaving_ = true;
  for (const Peer& peer : peers_) say(peer, 'B', "");
}

void Lifeline::await_farewells() {
  while (!ended_ && farewells_ < peers_.size()) {
    constexpr timespec kPause{0, 2'000'000};
    nanosleep(&kPause, nullptr);
  }
}

}  // namespace mlrun
