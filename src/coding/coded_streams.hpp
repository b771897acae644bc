// Images as streams of bytes, each a stack of its own (coding/ans.hpp) that a lane codes alone. Streams, and the
// groups of images within them, depend on the count of images and not on the threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/lanes.hpp"
#include "coding/ans.hpp"

namespace mlrun {

int64_t streams_of(int64_t images);  // 2500 images or less to a stream; two from 256 images on

// Ranges of `least` images, then twice as many, and so on to `most`. What pops bits before it pushes some begins with
// one image: each group finds its bits on the stack, and only the first borrows from the pad.
std::vector<Range> growing_groups(int64_t images, int64_t least, int64_t most);

struct StreamCoding {
  std::string pad;    // names the random bits below every stack, which both sides know
  int free_bits = 0;  // AnsStack
  std::function<std::vector<Range>(int64_t images)> groups;
};

// push(images, stack) codes a group.
std::vector<std::vector<std::byte>> encode_streams(int64_t count, const StreamCoding& coding, LanePool& pool,
                                                   const std::function<void(Range, AnsStack&)>& push);
// pop(images, stack) undoes push; groups come last first. Error(kData): the streams are not what was pushed.
void decode_streams(std::span<const std::span<const std::byte>> streams, int64_t count, const StreamCoding& coding,
                    LanePool& pool, const std::function<void(Range, AnsStack&)>& pop);

}  // namespace mlrun
