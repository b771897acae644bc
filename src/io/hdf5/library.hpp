// How mlrun talks to libhdf5. For the .cpp files of this room only.
#pragma once

#define H5_USE_110_API  // 1.12 and later renamed functions and changed structs; this asks them for the older ones
#include <hdf5.h>

#include <mutex>
#include <string>
#include <utility>

namespace mlrun::io {

// Held around every use of the library, which is one at a time (a build of it may not be thread-safe). The first one
// sets the library up: no plugins, no exit handler; each thread's first one stops it from printing its error stack.
class Hdf5Session {
 public:
  Hdf5Session();

 private:
  std::unique_lock<std::recursive_mutex> lock_;
};

// An identifier and the function that closes it.
class Hdf5Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Hdf5Handle() = default;
  Hdf5Handle(hid_t id, Close closer) : id_(id), close_(closer) {}
  Hdf5Handle(Hdf5Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Hdf5Handle() { close(); }
  hid_t id() const { return id_; }
  bool valid() const { return id_ >= 0; }
  bool close() { return id_ < 0 || close_(std::exchange(id_, -1)) >= 0; }

 private:
  hid_t id_ = -1;
  Close close_ = nullptr;
};

std::string hdf5_reason();       // what the library says of the failure just returned
std::string fresh_image_name();  // the memory driver takes two files of one name for one file

}  // namespace mlrun::io
