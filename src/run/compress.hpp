// `mlrun compress` and `mlrun decompress`: a split or a file of images, in as many bits as its negative log-likelihood.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "io/sha256.hpp"
#include "run/checkpoint.hpp"

namespace mlrun {

// SHA-256 of what decides a model's logits: its section of the spec, its data's shape, and every parameter and buffer.
// Equal for a run and for the same run stopped and resumed.
io::Digest model_digest(const TrainedModel& trained);

struct CompressRequest {
  std::string selector, which = "best";  // of the checkpoint
  std::string input;                     // "split:test", or a file (read_image_file)
  std::string output;
  std::optional<int64_t> limit;  // only the first images
  int threads = 0;
};
struct CompressOutcome {
  std::string checkpoint, format;
  int64_t images = 0, bytes = 0, header_bytes = 0;
  double nats = 0;           // -log p of all images together
  int64_t packed_bytes = 0;  // ceil(log2(alphabet)) bits a symbol, each image from a new byte on
};
// Error(kUsage, kData, kCheckpoint, kDisk).
CompressOutcome compress(const CompressRequest& request);

struct DecompressRequest {
  std::string selector, which = "best";
  std::string input, output;
  int threads = 0;
};
struct DecompressOutcome {
  std::string format, sha256;  // of the original: of a PNG, of its pixels
  int64_t images = 0, bytes = 0;
};
// A damaged or foreign file is Error(kData); one made with another checkpoint, another version of mlrun or another kind
// of CPU is Error(kCheckpoint), and nothing is written.
DecompressOutcome decompress(const DecompressRequest& request);

}  // namespace mlrun
