// The class of a sequence, from the stream of a sequence model after its last position, or averaged over all. On
// pixels one by one it is sequential MNIST (Le, Jaitly & Hinton 2015), in a random order permuted MNIST.
#include "base/error.hpp"
#include "config/starter.hpp"
#include "models/model.hpp"
#include "models/order.hpp"
#include "models/sequence/network.hpp"
#include "nn/linear.hpp"
#include "ops/reduce.hpp"
#include "ops/shape.hpp"

namespace mlrun {
namespace {

enum class Pool : uint8_t { kMean, kLast };

struct SequenceClassifierOptions {
  explicit SequenceClassifierOptions(config::Reader& reader)
      : network(reader),
        pool(reader.one_of<Pool>(
            "pool", {{"mean", Pool::kMean}, {"last", Pool::kLast}},
            {.help = "what the classes are read from: the mean over positions, or the last one", .fallback = "mean"})),
        order(read_order(reader)) {}
  SequenceNetworkOptions network;
  Pool pool;
  OrderKind order;
};

class SequenceClassifier : public Classifier {
 public:
  using Options = SequenceClassifierOptions;
  static Facts facts(const Options& options) {
    return {.examples_per_lane = options.network.block.sequences_per_lane(), .blocks = true};
  }

  SequenceClassifier(const Options& options, const DataSpec& data, const Scope& scope)
      : pool_(options.pool),
        order_((require_classes(data), make_order(options.order, data, scope))),
        network_(options.network, data, order_, /*start=*/false, /*classes=*/0, scope),
        head_(scope / "head", network_.width(), data.classes) {
    record_order(scope, "order", order_);
  }

  int64_t examples_at_once() const override { return network_.sequences_at_once(); }

  Variable loss(Pass& pass, const Batch& batch) const override { return loss_and_nll(pass, batch).loss; }
  bool loss_is_nll() const override { return !network_.adds_loss(); }
  TrainingLoss loss_and_nll(Pass& pass, const Batch& batch) const override {
    const Variable nll = Classifier::loss(pass, batch);
    return {pass.with_added(nll), static_cast<double>(nll.value().data<float>()[0])};
  }
  void after_step(const std::vector<Statistics>& lanes) override { network_.after_step(lanes); }
  int64_t inactive_parameters() const override { return network_.inactive_parameters(); }
  std::vector<std::vector<int64_t>> expert_counts(const ParameterArena& parameters, const Batch& batch) const override {
    Statistics gathered = parameters.statistics();
    in_pieces(batch.count(), [&](int64_t begin, int64_t end) {
      Pass pass(parameters, &gathered);
      class_logits(pass, batch.slice(begin, end));
    });
    return network_.expert_counts(gathered);
  }

  Variable class_logits(Pass& pass, const Batch& batch) const override {
    const Variable x = network_(pass, in_order(batch.symbols, order_), Tensor());
    const int64_t n = x.dim(0), length = x.dim(1);
    if (pool_ == Pool::kMean) return head_(pass, ops::mean(x, {1}));
    return head_(pass, ops::reshape(ops::slice(x, 1, length - 1, length), {n, network_.width()}));
  }

  Layout layout() const override {
    Layout layout;
    layout.line(
        "x: the symbols of an example in stored order; z[t] = x[order[t]], order = /buffers/order; sigma is the "
        "logistic sigmoid");
    layout.part("", network_.layout());
    layout.line(pool_ == Pool::kMean ? "c = (mean of h over the steps) @ head/weight' + head/bias"
                                     : "c = (h of the last step) @ head/weight' + head/bias");
    layout.line("log p(y|x) = log_softmax(c)[y]");
    layout.tensor("order", "position of each step");
    return layout.tensor("head/weight", "a row for each class").tensor("head/bias", "of each class");
  }

 private:
  static void require_classes(const DataSpec& data) {
    if (data.classes > 0) return;
    fail(ExitCode::kUsage,
         "model.kind sequence_classifier needs labels, and this data has none\n"
         "  model the symbols instead   model.kind=sequence");
  }

  Pool pool_;
  std::vector<int64_t> order_;
  SequenceNetwork network_;
  Linear head_;
};

[[maybe_unused]] const bool registered = register_model<SequenceClassifier>(
    "sequence_classifier", "The class of a sequence, by the same blocks as kind: sequence");
[[maybe_unused]] const bool starter =
    config::register_starter("model.kind=sequence_classifier", {"model.mixer.kind=s4d", "data.binarization=dynamic"});

}  // namespace
}  // namespace mlrun
