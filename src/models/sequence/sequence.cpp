// A sequence model: the symbols in some order, each predicted from a stream that has seen all those before it. What
// carries the past is the mixer (mixers/): recurrent cells, state spaces, scans. One network for all of them, so that
// their likelihoods can be compared.
#include <algorithm>

#include "base/error.hpp"
#include "config/starter.hpp"
#include "models/autoregressive/packed_step_view.hpp"
#include "models/model.hpp"
#include "models/order.hpp"
#include "models/sequence/network.hpp"
#include "nn/initialisers.hpp"
#include "ops/elementwise.hpp"
#include "ops/linear.hpp"
#include "ops/shape.hpp"

namespace mlrun {
namespace {

struct SequenceOptions {
  explicit SequenceOptions(config::Reader& reader)
      : network(reader),
        tied(reader.boolean("tied", {.help = "the head's weights are the vectors by which symbols enter (Press & Wolf "
                                             "2017)",
                                     .fallback = false})),
        order(read_order(reader)),
        condition(read_condition(reader)) {
    if (tied && network.input != SequenceInput::kEmbedding)
      reader.mistake("tied", "the head shares the vectors of symbols, and they enter as numbers", "input: embedding");
  }
  SequenceNetworkOptions network;
  bool tied;
  OrderKind order;
  Condition condition;
};

struct PackedSequence {
  SequenceNetwork::Steps network;
  PackedLinear head;
};

class SequenceStepper : public Stepper {
 public:
  SequenceStepper(const PackedSequence& packed, int64_t count, const int32_t* labels)
      : packed_(packed),
        count_(count),
        network_(packed.network, count, labels),
        waiting_(static_cast<size_t>(count), kStartSymbol) {}

  void logits(float* out) override {
    if (!waiting_.empty()) enter(out, 1);
    else packed_.head(stream_.data<float>(), count_, out);
  }

  void observe(const int32_t* symbols) override { extend(symbols, 1, nullptr); }

  bool can_extend() const override { return true; }
  void extend(const int32_t* symbols, int64_t length, float* out) override {
    waiting_.insert(waiting_.end(), symbols, symbols + length * count_);
    if (out) return enter(out, length);
    if (static_cast<int64_t>(waiting_.size()) > kRowsAtOnce) enter(nullptr, 0);
  }

  bool can_rewind() const override { return true; }
  void mark() override {
    network_.mark();
    marked_waiting_ = waiting_;
    marked_stream_ = stream_;
  }
  void rewind() override {
    network_.rewind();
    waiting_ = marked_waiting_;
    stream_ = marked_stream_;
  }

 private:
  // Of a stretch: enough for products, and few enough for what is between them to stay in the caches.
  static constexpr int64_t kRowsAtOnce = 256;

  // The network goes over what waits, and the logits after the last `wanted` symbols go to `out`.
  void enter(float* out, int64_t wanted) {
    const int64_t length = static_cast<int64_t>(waiting_.size()) / count_;
    const int64_t at_once = std::max<int64_t>(1, kRowsAtOnce / count_), row = packed_.head.out() * count_;
    for (int64_t begin = 0; begin < length; begin += at_once) {
      const int64_t end = std::min(length, begin + at_once), first = std::max(begin, length - wanted);
      const Tensor streams = network_.extend(waiting_.data() + begin * count_, end - begin);
      if (first < end) {
        packed_.head(streams.rows(first - begin, end - begin).data<float>(), (end - first) * count_,
                     out + (first - (length - wanted)) * row);
      }
      if (end == length) stream_ = streams.rows(end - begin - 1, end - begin).clone();
    }
    waiting_.clear();
  }

  const PackedSequence& packed_;
  int64_t count_;
  SequenceNetwork::Stepper network_;
  std::vector<int32_t> waiting_, marked_waiting_;  // [., count] that the network has not yet seen
  Tensor stream_, marked_stream_;                  // of the last position that it has seen [1, count, width]
};

class Sequence : public AutoregressiveModel {
 public:
  using Options = SequenceOptions;
  static Facts facts(const Options& options) {
    return {.examples_per_lane = options.network.block.sequences_per_lane(), .blocks = true};
  }

  Sequence(const Options& options, const DataSpec& data, const Scope& scope)
      : AutoregressiveModel(data, options.condition, scope),
        tied_(options.tied),
        order_(make_order(options.order, data, scope)),
        network_(options.network, data, order_, /*start=*/true, classes(), scope) {
    record_order(scope, "order", order_);
    const int64_t out = logits_per_step(data.alphabet);
    if (tied_) bias_ = scope.parameter("head/bias", {out}, "out", ParameterKind::kBias, initialise::zeros());
    else head_ = Linear(scope / "head", network_.width(), out);
  }

  const std::vector<int64_t>& order(int64_t) const override { return order_; }
  int64_t examples_at_once() const override { return network_.sequences_at_once(); }
  bool any_length() const override { return network_.any_length(); }

  Variable logits(Pass& pass, const Batch& batch, int64_t component) const override {
    const Tensor symbols = ordered_symbols(batch, component);
    const Variable x = network_(pass, shifted(symbols), conditional() ? labels_of(batch) : Tensor());
    const Variable y = tied_ ? ops::linear(x, shared_weight(pass), pass(bias_)) : head_(pass, x);
    return data().alphabet == 2 ? ops::reshape(y, symbols.shape()) : y;
  }

  std::unique_ptr<StepView> step_view(const ParameterArena& parameters, int64_t) const override {
    PackedSequence packed{SequenceNetwork::Steps(network_), {}};
    if (tied_) {
      Pass pass(parameters);
      packed.head = PackedLinear(shared_weight(pass).value(), bias_.value());
    } else {
      packed.head = head_.packed();
    }
    const int64_t at_once = packed.network.sequences_at_once();
    return std::make_unique<PackedStepView<PackedSequence, SequenceStepper>>(std::move(packed), at_once);
  }

 protected:
  Layout network_layout() const override {
    Layout layout;
    layout.line("z[t] = s[t - 1], and at t = 0 the start");
    layout.part("", network_.layout());
    if (!tied_) layout.line("l[t] = h[t] @ head/weight' + head/bias");
    else if (data().alphabet == 2) layout.line("l[t] = h[t] . (symbols[1] - symbols[0]) + head/bias");
    else layout.line("l[t] = h[t] @ symbols' + head/bias, without the row of the start");
    layout.tensor("order", "position of each step");
    return layout.tensor("head/weight", "from the channels to l").tensor("head/bias", "of l");
  }

 private:
  // What each position sees: the symbol before it.
  static Tensor shifted(const Tensor& symbols) {
    Tensor inputs(symbols.shape(), DType::kS32);
    const int64_t length = symbols.dim(1);
    for (int64_t i = 0; i < symbols.dim(0); ++i) {
      int32_t* to = inputs.data<int32_t>() + i * length;
      *to = kStartSymbol;
      std::copy_n(symbols.data<int32_t>() + i * length, length - 1, to + 1);
    }
    return inputs;
  }

  Variable shared_weight(Pass& pass) const {
    const Variable vectors = network_.symbol_vectors(pass);
    if (data().alphabet != 2) return vectors;
    return ops::sub(ops::slice(vectors, 0, 1, 2), ops::slice(vectors, 0, 0, 1));  // log-odds of 1
  }

  bool tied_;
  std::vector<int64_t> order_;
  SequenceNetwork network_;
  Linear head_;
  Parameter bias_;
};

[[maybe_unused]] const bool registered =
    register_model<Sequence>("sequence", "Blocks of a mixer and an MLP over any symbols: one network for all mixers");
[[maybe_unused]] const bool starter = config::register_starter("model.kind=sequence", {"model.mixer.kind=s4d"});

}  // namespace
}  // namespace mlrun
