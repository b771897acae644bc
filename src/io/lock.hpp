// One process at a time (flock): the lock of a run directory. The kernel releases it when the holder dies, however it
// dies. Not dependable on NFS.
#pragma once

#include <chrono>
#include <string>

namespace mlrun::io {

class FileLock {
 public:
  // Takes the lock or throws: Error(kLocked) naming path and holder (host:pid) if it was not free within `patience`;
  // Error(kDisk) if the file cannot be made. A little patience is always needed: lock_holder() in another process holds
  // the lock for the moment of its look. The file stays when the lock is released: removing it would let two processes
  // hold it.
  explicit FileLock(const std::string& path, std::chrono::milliseconds patience = std::chrono::milliseconds(50));
  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;

 private:
  int descriptor_ = -1;
};

// "host:pid" of the process that holds the lock at `path`, or "" if it is free or missing. With `patience`, a lock that
// nobody has taken yet is waited for: who has just made a directory needs a moment to lock it.
std::string lock_holder(const std::string& path, std::chrono::milliseconds patience = std::chrono::milliseconds(0));

}  // namespace mlrun::io
