#include "experiment/checkpoint_writer.hpp"

#include <memory>
#include <utility>

#include "io/checkpoint_file.hpp"

namespace mlrun {

void CheckpointWriter::write(const std::string& path, io::Bytes image, std::function<void()> then) {
  wait();
  constexpr size_t kLarge = size_t{1} << 24;  // about 10 ms of hashing
  if (image.size() < kLarge) {
    io::write_checkpoint(path, std::move(image));
    return then();
  }
  auto shared = std::make_shared<io::Bytes>(std::move(image));
  pending_ = std::async(std::launch::async, [path, shared, then] {
    io::write_checkpoint(path, std::move(*shared));
    then();
  });
}

void CheckpointWriter::wait() {
  if (pending_.valid()) pending_.get();
}

}  // namespace mlrun
