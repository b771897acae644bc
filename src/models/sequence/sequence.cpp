// A sequence model: the symbols in some order, each predicted from a stream that has seen all those before it. What
// carries the past is the mixer (mixers/): recurrent cells, state spaces, scans. One network for all of them, so that
// their likelihoods can be compared.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/error.hpp"
#include "config/starter.hpp"
#include "models/model.hpp"
#include "models/modelled.hpp"
#include "models/order.hpp"
#include "models/sequence/draft_heads.hpp"
#include "models/sequence/network.hpp"
#include "models/sequence/step_view.hpp"
#include "nn/initialisers.hpp"
#include "nn/linear.hpp"
#include "ops/activation.hpp"
#include "ops/elementwise.hpp"
#include "ops/linear.hpp"
#include "ops/reduce.hpp"
#include "ops/shape.hpp"
#include "ops/softmax.hpp"

namespace mlrun {
namespace {

struct SequenceOptions {
  explicit SequenceOptions(config::Reader& reader)
      : network(reader),
        tied(reader.boolean("tied", {.help = "the head's weights are the vectors by which symbols enter (Press & Wolf "
                                             "2017)",
                                     .fallback = false})),
        z_loss(reader.real("z_loss",
                           {.help = "weight of log(Z)^2 of every position in the loss, Z the sum of exp(logits): "
                                    "keeps logits from drifting (Chameleon Team 2024 has 1e-5); 0: none",
                            .min = 0,
                            .max = 1,
                            .fallback = 0.0})),
        order(read_order(reader)),
        condition(read_condition(reader)) {
    config::Reader section = reader.section(
        "heads", "heads that predict further symbols, by which the model drafts for itself (sample --draft heads)");
    heads = draft_head_kinds().choose(section, "none");
    reader.later("heads");
    section.later("kind");
    reader.later("z_loss");
    if (tied && network.input != SequenceInput::kEmbedding)
      reader.mistake("tied", "the head shares the vectors of symbols, and they enter as numbers", "input: embedding");
  }
  SequenceNetworkOptions network;
  bool tied;
  double z_loss;
  OrderKind order;
  Condition condition;
  DraftHeadRegistry::Choice heads;
};

class Sequence : public AutoregressiveModel {
 public:
  using Options = SequenceOptions;
  static Facts facts(const Options& options) {
    return {.examples_per_lane = options.network.block.sequences_per_lane(),
            .blocks = true,
            .begins_from_run = options.heads.facts().frozen};
  }

  Sequence(const Options& options, const DataSpec& data, const Scope& scope)
      : AutoregressiveModel(data, options.condition, trunk_of(options, scope)),
        tied_(options.tied),
        z_loss_(static_cast<float>(options.z_loss)),
        order_(make_order(options.order, data, scope)),
        network_(options.network, data, order_, /*start=*/true, classes(), trunk_of(options, scope)),
        facts_(options.heads.facts()) {
    record_order(scope, "order", order_);
    if (data.end >= 0 && !std::is_sorted(order_.begin(), order_.end())) {
      fail(ExitCode::kUsage,
           "model.order: rows hold documents (data.documents), which are read from beginning to end\n"
           "  with   model.order=raster");
    }
    const int64_t out = logits_per_step(data.alphabet);
    const Scope trunk = trunk_of(options, scope);
    if (tied_) bias_ = trunk.parameter("head/bias", {out}, "out", ParameterKind::kBias, initialise::zeros());
    else head_ = Linear(trunk / "head", network_.width(), out);
    if (facts_.count >= data.positions()) {
      fail(ExitCode::kUsage,
           "model.heads.count {}: sequences of {} symbols have none so far behind the next one\n  with   "
           "model.heads.count={}",
           facts_.count, data.positions(), data.positions() - 1);
    }
    if (data.end >= 0 && facts_.count > 0) {
      fail(
          ExitCode::kUsage,
          "model.heads predict symbols behind the next one, and rows hold documents (data.documents), which end there\n"
          "  with   model.heads=default");
    }
    heads_ = options.heads.build({network_.width(), data.alphabet, out}, scope.added() / "heads");
  }

  const std::vector<int64_t>& order(int64_t) const override { return order_; }
  int64_t examples_at_once() const override { return network_.sequences_at_once(); }
  bool any_length() const override { return network_.any_length(); }
  int64_t heads() const override { return facts_.count; }

  Variable logits(Pass& pass, const OrderedBatch& batch, int64_t) const override {
    return predicted(pass, streams(pass, batch, batch.symbols), batch.symbols);
  }

  // The model's NLL, and the heads' beside it: of a trunk that stays as it is, theirs alone.
  Variable loss(Pass& pass, const Batch& batch) const override { return loss_and_nll(pass, batch).loss; }
  bool loss_is_nll() const override { return facts_.count == 0 && z_loss_ == 0 && !network_.adds_loss(); }
  TrainingLoss loss_and_nll(Pass& pass, const Batch& batch) const override {
    const Tensor symbols = ordered(batch).symbols;
    Pass constant(pass.parameters());
    Pass& of_trunk = facts_.frozen ? constant : pass;
    const Variable h = streams(of_trunk, batch, symbols), l = predicted(of_trunk, h, symbols);
    Variable nll = ops::sum(modelled_nll(l, symbols, data()));
    if (condition() == Condition::kJoint) nll = ops::add(nll, class_prior_loss(of_trunk, batch));
    const Variable with_z = z_loss_ == 0 ? nll : ops::add(nll, ops::scale(squared_log_z(l), z_loss_));
    TrainingLoss found = {of_trunk.with_added(with_z), static_cast<double>(nll.value().data<float>()[0])};
    if (facts_.count == 0) return found;
    const auto share = static_cast<float>(1 / static_cast<double>(facts_.count));
    const Variable of_heads = ops::scale(loss_of_heads(pass, h, symbols), share);
    found.loss =
        facts_.frozen ? of_heads : ops::add(found.loss, ops::scale(of_heads, static_cast<float>(facts_.weight)));
    return found;
  }

  void after_step(const std::vector<Statistics>& lanes) override { network_.after_step(lanes); }
  int64_t inactive_parameters() const override { return network_.inactive_parameters(); }
  std::vector<std::vector<int64_t>> expert_counts(const ParameterArena& parameters, const Batch& batch) const override {
    if (network_.inactive_parameters() == 0) return {};
    Statistics gathered = parameters.statistics();
    in_pieces(batch.count(), [&](int64_t begin, int64_t end) {
      const Batch piece = batch.slice(begin, end);
      Pass pass(parameters, &gathered);
      streams(pass, piece, ordered(piece).symbols);
    });
    return network_.expert_counts(gathered);
  }

  std::unique_ptr<StepView> step_view(const ParameterArena& parameters, int64_t) const override {
    PackedSequence packed{SequenceNetwork::Steps(network_), {}};
    packed.heads = heads_->steps();
    packed.end = data().end;
    if (tied_) {
      Pass pass(parameters);
      packed.head = PackedLinear(shared_weight(pass).value(), bias_.value());
    } else {
      packed.head = head_.packed();
    }
    double products = 0;  // each weight once, but for those of the heads
    for (const ParameterInfo& info : parameters.parameters())
      if (!info.added) products += static_cast<double>(info.count());
    products -= static_cast<double>(inactive_parameters());
    return sequence_step_view(std::move(packed), products);
  }

 protected:
  Layout network_layout() const override {
    Layout layout;
    layout.line("z[t] = s[t - 1], and at t = 0 the start");
    if (data().end >= 0)
      layout.line(
          fmt::format("behind symbol {}, which ends a document, z[t] is the start too, and all begins anew as at "
                      "t = 0",
                      data().end));
    layout.part("", network_.layout());
    if (!tied_) layout.line("l[t] = h[t] @ head/weight' + head/bias");
    else if (data().alphabet == 2) layout.line("l[t] = h[t] . (symbols[1] - symbols[0]) + head/bias");
    else layout.line("l[t] = h[t] @ symbols' + head/bias, without the row of the start");
    layout.part("heads/", heads_->layout());
    layout.tensor("order", "position of each step");
    return layout.tensor("head/weight", "from the channels to l").tensor("head/bias", "of l");
  }

 private:
  static Scope trunk_of(const Options& options, const Scope& scope) {
    return options.heads.facts().frozen ? scope.untrained() : scope;
  }

  // What each step is predicted from: [n, positions, width].
  Variable streams(Pass& pass, const Batch& batch, const Tensor& symbols) const {
    return network_(pass, shifted(symbols), conditional() ? labels_of(batch) : Tensor());
  }
  Variable predicted(Pass& pass, const Variable& h, const Tensor& symbols) const {
    const Variable y = tied_ ? ops::linear(h, shared_weight(pass), pass(bias_)) : head_(pass, h);
    return data().alphabet == 2 ? ops::reshape(y, symbols.shape()) : y;
  }

  // -log p of what the heads predict, in nats, summed; of a question's answer alone.
  Variable loss_of_heads(Pass& pass, const Variable& h, const Tensor& symbols) const {
    const int64_t n = symbols.dim(0), length = symbols.dim(1);
    const std::vector<Variable> all = (*heads_)(pass, h, symbols);
    Variable loss;
    for (size_t i = 0; i < all.size(); ++i) {
      const auto k = static_cast<int64_t>(i) + 1, first = std::max(k, data().given), places = length - first;
      if (places <= 0) continue;
      Tensor about({n, places}, DType::kS32);
      for (int64_t j = 0; j < n; ++j)
        std::copy_n(symbols.data<int32_t>() + j * length + first, places, about.data<int32_t>() + j * places);
      Variable y = ops::slice(all[i], 1, first - k, length - k);
      if (data().alphabet == 2) y = ops::reshape(y, about.shape());
      const Variable part = ops::sum(negative_log_likelihood(y, about));
      loss = i == 0 ? part : ops::add(loss, part);
    }
    return loss;
  }

  // What each position sees: the symbol before it; the start, where a document begins.
  Tensor shifted(const Tensor& symbols) const {
    Tensor inputs(symbols.shape(), DType::kS32);
    const int64_t length = symbols.dim(1);
    for (int64_t i = 0; i < symbols.dim(0); ++i) {
      int32_t* to = inputs.data<int32_t>() + i * length;
      *to = kStartSymbol;
      std::copy_n(symbols.data<int32_t>() + i * length, length - 1, to + 1);
      if (data().end >= 0) std::replace(to + 1, to + length, static_cast<int32_t>(data().end), kStartSymbol);
    }
    return inputs;
  }

  Variable shared_weight(Pass& pass) const {
    const Variable vectors = network_.symbol_vectors(pass);
    if (data().alphabet != 2) return vectors;
    return ops::sub(ops::slice(vectors, 0, 1, 2), ops::slice(vectors, 0, 0, 1));  // log-odds of 1
  }

  // Of all modelled positions, log(Z)^2, Z the sum of exp(logits).
  Variable squared_log_z(const Variable& logits) const {
    const Variable modelled = ops::slice(logits, 1, data().given, data().positions());
    if (data().alphabet == 2) return ops::sum(ops::square(ops::softplus(modelled)));
    return ops::sum(ops::square(ops::logsumexp(modelled)));
  }

  bool tied_;
  float z_loss_;
  std::vector<int64_t> order_;
  SequenceNetwork network_;
  DraftHeads::Facts facts_;
  Linear head_;
  Parameter bias_;
  std::unique_ptr<DraftHeads> heads_;
};

[[maybe_unused]] const bool registered =
    register_model<Sequence>("sequence", "Blocks of a mixer and an MLP over any symbols: one network for all mixers");
[[maybe_unused]] const bool starter = config::register_starter("model.kind=sequence", {"model.mixer.kind=s4d"});

}  // namespace
}  // namespace mlrun
