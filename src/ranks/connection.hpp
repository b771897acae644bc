// Short messages over TCP, by which processes of one run find each other and notice that one is gone. Nothing here throws:
// a connection that fails is an answer.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mlrun {

std::vector<std::string> own_addresses();  // IPv4, the loopback's last
std::string random_token();                // 32 hex digits that no other process has

// Waits for an event of poll(2) at a socket, at most so many seconds. False: nothing came.
bool wait_for(int socket, short events, double seconds);
// A connected socket, or -1.
int connect_to(const std::string& ip, int port, double seconds);

// A message: its kind, the length of its text in 8 hex digits, its text.
inline constexpr size_t kMessageHead = 9, kLongestMessage = 1 << 16;
std::string framed(char kind, const std::string& text);
// False where the peer does not take the bytes within a second: messages are short, so it is lost.
bool send_all(int socket, const std::string& bytes);
// The text of a message of this kind; false where another one came, or none within `seconds`.
bool receive_text(int socket, char kind, std::string& text, double seconds);

}  // namespace mlrun
