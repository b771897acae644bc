#include "coding/coded_streams.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace mlrun {
namespace {

constexpr int64_t kImagesPerStream = 2500;  // a stream costs some 60 bits of its own, 0.02% of 2500 images of MNIST
constexpr int64_t kOneStream = 256;         // images that are not worth a second one

RandomStream pad_of(const StreamCoding& coding, int64_t stream) {
  return RandomStream(0, coding.pad).at(static_cast<uint64_t>(stream));
}

}  // namespace

int64_t streams_of(int64_t images) {
  const int64_t least = images < kOneStream ? 1 : 2;
  return std::max(least, (images + kImagesPerStream - 1) / kImagesPerStream);
}

std::vector<Range> growing_groups(int64_t images, int64_t least, int64_t most) {
  std::vector<Range> groups;
  int64_t next = least;
  for (int64_t begin = 0; begin < images; begin += groups.back().size()) {
    groups.push_back({begin, std::min(images, begin + next)});
    next = std::min(2 * next, most);
  }
  return groups;
}

std::vector<std::vector<std::byte>> encode_streams(int64_t count, const StreamCoding& coding, LanePool& pool,
                                                   const std::function<void(Range, AnsStack&)>& push) {
  const int64_t streams = streams_of(count);
  std::vector<std::vector<std::byte>> out(static_cast<size_t>(streams));
  pool.run(streams, [&](int64_t stream) {
    const Range images = slice(count, streams, stream);
    AnsStack stack(pad_of(coding, stream), coding.free_bits);
    for (const Range& group : coding.groups(images.size()))
      push({images.begin + group.begin, images.begin + group.end}, stack);
    out[static_cast<size_t>(stream)] = stack.bytes();
  });
  return out;
}

void decode_streams(std::span<const std::span<const std::byte>> streams, int64_t count, const StreamCoding& coding,
                    LanePool& pool, const std::function<void(Range, AnsStack&)>& pop) {
  const auto n = static_cast<int64_t>(streams.size());
  require(n == streams_of(count), "{} streams for {} images", n, count);
  pool.run(n, [&](int64_t stream) {
    const Range images = slice(count, n, stream);
    AnsStack stack = AnsStack::from_bytes(streams[static_cast<size_t>(stream)]);
    std::vector<Range> groups = coding.groups(images.size());
    std::reverse(groups.begin(), groups.end());
    for (const Range& group : groups) pop({images.begin + group.begin, images.begin + group.end}, stack);
    if (!stack.is_back_at_the_start(pad_of(coding, stream), coding.free_bits))
      fail(ExitCode::kData, "a stream that does not end where its coder began");
  });
}

}  // namespace mlrun
