// A file descriptor that is closed whatever happens.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

namespace mlrun::io {

class Descriptor {
 public:
  explicit Descriptor(const std::string& path, int flags, mode_t mode = 0) {
    do value_ = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    while (value_ < 0 && errno == EINTR);
  }
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int value() const { return value_; }  // negative where it could not be opened: errno says why
  bool close() {                        // whether that went well
    if (value_ < 0) return true;
    const int result = ::close(std::exchange(value_, -1));
    return result == 0 || errno == EINTR;  // Linux has closed it in that case too
  }

 private:
  int value_ = -1;
};

}  // namespace mlrun::io
