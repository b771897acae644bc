#include "generate/given_codec.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "generate/ans.hpp"
#include "generate/codec.hpp"
#include "generate/step_through.hpp"

namespace mlrun {
namespace {

constexpr int64_t kAtOnce = 8;  // images of a stepper

RandomStream pad_of(int64_t stream) { return RandomStream(0, "given pad").at(static_cast<uint64_t>(stream)); }

// The images of a stream, cut into pieces.
std::vector<Range> pieces_of(const Range& images) {
  std::vector<Range> pieces;
  for (int64_t begin = images.begin; begin < images.end; begin += kAtOnce)
    pieces.push_back({begin, std::min(images.end, begin + kAtOnce)});
  return pieces;
}

}  // namespace

std::vector<std::vector<std::byte>> encode_given(const Tensor& symbols, const StepperOfImages& steppers,
                                                 int64_t alphabet, LanePool& pool) {
  const int64_t streams = Codec::streams_of(symbols.dim(0)), positions = symbols.dim(1);
  std::vector<std::vector<std::byte>> out(static_cast<size_t>(streams));
  pool.run(streams, [&](int64_t stream) {
    AnsStack stack(pad_of(stream));
    std::vector<Range> pieces = pieces_of(slice(symbols.dim(0), streams, stream));
    std::reverse(pieces.begin(), pieces.end());  // a stack: all in reverse
    for (const Range& piece : pieces) {
      const std::unique_ptr<Stepper> stepper = steppers(piece.begin, piece.end);
      std::vector<Interval> intervals;
      step_through(*stepper, piece.size(), positions, alphabet, [&](int64_t t, int64_t i, const float* logits) {
        const int32_t symbol = symbols.data<int32_t>()[(piece.begin + i) * positions + t];
        intervals.push_back(IntegerLaw::of_logits(logits, alphabet).interval(symbol));
        return symbol;
      });
      for (size_t k = intervals.size(); k-- > 0;) stack.push(intervals[k]);
    }
    out[static_cast<size_t>(stream)] = stack.bytes();
  });
  return out;
}

Tensor decode_given(std::span<const std::span<const std::byte>> streams, int64_t count, int64_t positions,
                    const StepperOfImages& steppers, int64_t alphabet, LanePool& pool) {
  const auto n = static_cast<int64_t>(streams.size());
  require(n == Codec::streams_of(count), "{} streams for {} images", n, count);
  Tensor symbols({count, positions}, DType::kS32);
  pool.run(n, [&](int64_t stream) {
    AnsStack stack = AnsStack::from_bytes(streams[static_cast<size_t>(stream)]);
    for (const Range& piece : pieces_of(slice(count, n, stream))) {
      const std::unique_ptr<Stepper> stepper = steppers(piece.begin, piece.end);
      step_through(*stepper, piece.size(), positions, alphabet, [&](int64_t t, int64_t i, const float* logits) {
        const auto symbol = static_cast<int32_t>(stack.pop(IntegerLaw::of_logits(logits, alphabet)));
        symbols.data<int32_t>()[(piece.begin + i) * positions + t] = symbol;
        return symbol;
      });
    }
    if (!stack.is_back_at_the_start(pad_of(stream)))
      fail(ExitCode::kData, "a stream that does not end where its coder began");
  });
  return symbols;
}

}  // namespace mlrun
