#include "ranks/connection.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>

namespace mlrun {
namespace {

bool receive_all(int socket, char* bytes, size_t count, double seconds) {
  for (size_t at = 0; at < count;) {
    if (!wait_for(socket, POLLIN, seconds)) return false;
    const ssize_t got = recv(socket, bytes + at, count - at, 0);
    if (got > 0) at += static_cast<size_t>(got);
    else if (got == 0 || errno != EINTR) return false;
  }
  return true;
}

}  // namespace

std::vector<std::string> own_addresses() {
  std::vector<std::string> addresses;
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return {"127.0.0.1"};
  for (const ifaddrs* one = all; one; one = one->ifa_next) {
    if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET) continue;
    sockaddr_in address{};
    std::memcpy(&address, one->ifa_addr, sizeof address);
    std::array<char, INET_ADDRSTRLEN> text{};
    inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size());
    if (std::string(text.data()) != "127.0.0.1") addresses.emplace_back(text.data());
  }
  freeifaddrs(all);
  addresses.emplace_back("127.0.0.1");
  return addresses;
}

std::string random_token() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", device(), device(), device(), device());
}

bool wait_for(int socket, short events, double seconds) {
  pollfd one{socket, events, 0};
  return poll(&one, 1, static_cast<int>(seconds * 1000)) == 1;
}

bool send_all(int socket, const std::string& bytes) {
  size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t sent = send(socket, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      at += static_cast<size_t>(sent);
    } else if (errno != EINTR && (errno != EAGAIN || !wait_for(socket, POLLOUT, 1))) {
      return false;
    }
  }
  return true;
}

std::string framed(char kind, const std::string& text) { return fmt::format("{}{:08x}{}", kind, text.size(), text); }

bool receive_text(int socket, char kind, std::string& text, double seconds) {
  std::string head(kMessageHead, '\0');
  if (!receive_all(socket, head.data(), kMessageHead, seconds) || head[0] != kind) return false;
  const size_t size = std::strtoul(head.c_str() + 1, nullptr, 16);
  if (size > kLongestMessage) return false;
  text.resize(size);
  return receive_all(socket, text.data(), size, seconds);
}

int connect_to(const std::string& ip, int port, double seconds) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, ip.c_str(), &address.sin_addr);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  int error = 0;
  socklen_t size = sizeof error;
  const bool begun = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
                     (errno == EINPROGRESS && wait_for(fd, POLLOUT, seconds));
  if (begun && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0) {
    fcntl(fd, F_SETFL, 0);
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
  }
  close(fd);
  return -1;
}

}  // namespace mlrun
