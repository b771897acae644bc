// `mlrun compress` and `mlrun decompress`: a split or a file of images, in as many bits as its negative log-likelihood,
// or of a model of two stages its bound.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace mlrun {

struct CompressRequest {
  std::string selector, which = "best";  // of the checkpoint
  std::string input;                     // "split:test", or a file (read_image_file)
  std::string output;
  std::optional<int64_t> limit;  // only the first images
  int threads = 0;
};
struct CompressOutcome {
  std::string checkpoint;
  bool bound = false;  // of two stages: `nats` bounds -log p from above
  std::string format;
  bool of_images = true;  // else of sequences
  int64_t images = 0, bytes = 0, header_bytes = 0;
  double nats = 0;           // -log p of all images together, or the bound on it
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
  bool of_images = true;       // else of sequences
  int64_t images = 0, bytes = 0;
};
// A damaged or foreign file is Error(kData); one made with another checkpoint, another version of mlrun or another kind
// of CPU is Error(kCheckpoint), and nothing is written.
DecompressOutcome decompress(const DecompressRequest& request);

}  // namespace mlrun
