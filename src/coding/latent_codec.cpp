#include "coding/latent_codec.hpp"

#include "generate/step_through.hpp"

namespace mlrun {
namespace {

constexpr int64_t kMostAtOnce = 32;  // images of a stepper

// The laws of a group's codes, q(z|x): position by position, image by image.
class Posterior {
 public:
  explicit Posterior(Tensor log_odds) : log_odds_(std::move(log_odds)) {}
  int64_t count() const { return log_odds_.dim(0) * log_odds_.dim(1); }
  IntegerLaw operator[](int64_t i) const {
    const float* weights = log_odds_.data<float>() + i * log_odds_.dim(2);
    return IntegerLaw::of_log_weights(std::vector<double>(weights, weights + log_odds_.dim(2)));
  }

 private:
  Tensor log_odds_;  // [images, positions, alphabet]
};

}  // namespace

LatentCodec::LatentCodec(const CodeModel& model, const ParameterArena& parameters, const AutoregressiveModel& prior,
                         const ParameterArena& prior_parameters)
    : model_(model), parameters_(parameters), prior_(prior, prior_parameters) {}

StreamCoding LatentCodec::coding() const {
  return {
      .pad = "codes pad", .free_bits = 0, .groups = [least = model_.draws_codes() ? 1 : kMostAtOnce](int64_t images) {
        return growing_groups(images, least, kMostAtOnce);
      }};
}

Tensor LatentCodec::pop_codes(const Tensor& rows, AnsStack& stack) const {
  if (!model_.draws_codes()) return model_.encode(parameters_, rows, std::nullopt).codes;
  const Posterior posterior(model_.log_odds(parameters_, rows));
  Tensor codes({rows.dim(0), model_.codes().positions()}, DType::kS32);
  for (int64_t i = 0; i < posterior.count(); ++i)
    codes.data<int32_t>()[i] = static_cast<int32_t>(stack.pop(posterior[i]));
  return codes;
}

void LatentCodec::push_codes(const Tensor& rows, const Tensor& codes, AnsStack& stack) const {
  if (!model_.draws_codes()) return;
  const Posterior posterior(model_.log_odds(parameters_, rows));
  for (int64_t i = posterior.count(); i-- > 0;) stack.push(posterior[i].interval(codes.data<int32_t>()[i]));
}

void LatentCodec::push(const Tensor& rows, AnsStack& stack) const {
  const int64_t positions = rows.dim(1), alphabet = model_.data().alphabet;
  const Tensor codes = pop_codes(rows, stack);
  const std::unique_ptr<Stepper> stepper = model_.stepper(parameters_, codes);
  std::vector<Interval> intervals;
  intervals.reserve(static_cast<size_t>(rows.count()));
  step_through(*stepper, rows.dim(0), positions, alphabet, [&](int64_t t, int64_t i, const float* logits) {
    const int32_t symbol = rows.data<int32_t>()[i * positions + t];
    intervals.push_back(IntegerLaw::of_logits(logits, alphabet).interval(symbol));
    return symbol;
  });
  for (size_t k = intervals.size(); k-- > 0;) stack.push(intervals[k]);  // a stack: all in reverse
  prior_.push(codes, stack);
}

void LatentCodec::pop(Tensor rows, AnsStack& stack) const {
  const int64_t positions = rows.dim(1), alphabet = model_.data().alphabet;
  const Tensor codes({rows.dim(0), model_.codes().positions()}, DType::kS32);
  prior_.pop(codes, stack);
  const std::unique_ptr<Stepper> stepper = model_.stepper(parameters_, codes);
  step_through(*stepper, rows.dim(0), positions, alphabet, [&](int64_t t, int64_t i, const float* logits) {
    const auto symbol = static_cast<int32_t>(stack.pop(IntegerLaw::of_logits(logits, alphabet)));
    rows.data<int32_t>()[i * positions + t] = symbol;
    return symbol;
  });
  push_codes(rows, codes, stack);
}

std::vector<std::vector<std::byte>> LatentCodec::encode(const Tensor& symbols, LanePool& pool) const {
  return encode_streams(symbols.dim(0), coding(), pool,
                        [&](Range group, AnsStack& stack) { push(symbols.rows(group.begin, group.end), stack); });
}

Tensor LatentCodec::decode(std::span<const std::span<const std::byte>> streams, int64_t count, LanePool& pool) const {
  Tensor symbols({count, model_.data().positions()}, DType::kS32);
  decode_streams(streams, count, coding(), pool,
                 [&](Range group, AnsStack& stack) { pop(symbols.rows(group.begin, group.end), stack); });
  return symbols;
}

}  // namespace mlrun
