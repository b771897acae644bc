// Checkpoints on their way to the disk. A large one is checked and written beside the training, which goes on as soon
// as its image is made; a small one is there when `write` returns.
#pragma once

#include <functional>
#include <future>
#include <string>

#include "io/bytes.hpp"

namespace mlrun {

class CheckpointWriter {
 public:
  // `then` is called when the file is there: on whichever thread wrote it, never two at once. Waits for the write
  // before, and fails with that one's error (kDisk).
  void write(const std::string& path, io::Bytes image, std::function<void()> then);
  // Until nothing is on its way. Fails with the error of the last write.
  void wait();

 private:
  std::future<void> pending_;  // its destructor waits
};

}  // namespace mlrun
