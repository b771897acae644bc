// A model of augmented images that stays one of plain images (Jun et al. 2020): it is told in which way each training
// image was changed (data.augment), and asked for those that were not.
//
// The inner model is conditional, and the way is its class; with labels y of the outer model's own the class is
// y * ways + way. Training tells it the way of each image (Batch::augmentation), everything else way 0: so p(x) =
// p(x | plain), exactly.
#include <fmt/format.h>

#include <memory>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "models/autoregressive/told_step_view.hpp"
#include "models/model.hpp"
#include "models/order.hpp"
#include "ops/elementwise.hpp"

namespace mlrun {
namespace {

class Augmented : public AutoregressiveModel {
 public:
  struct Options {
    explicit Options(config::Reader& reader) : condition(read_condition(reader)) {
      config::Reader section =
          reader.section("of", "the network, whose class is the way in which an image was changed");
      section.preset("condition", "class");
      inside = model_kinds().choose(section, "pixelcnn");
    }
    Condition condition;
    ModelRegistry::Choice inside;
  };
  static Facts facts(const Options& options) { return facts_of_told(options.inside); }

  Augmented(const Options& options, const DataSpec& data, const Scope& scope)
      : AutoregressiveModel(data, options.condition, scope), ways_(data.augmentations) {
    DataSpec told = data;
    told.augmentations = 1;
    told.classes = ways_ * (conditional() ? classes() : 1);
    require_trained(options.inside);
    inner_ = options.inside.build(told, scope / "of");
    network_ = inner_->autoregressive();
    if (!network_ || network_->condition() != Condition::kClass) {
      fail(ExitCode::kUsage,
           "model.of: expected an autoregressive model that is told the way of augmentation as its class\n"
           "  take   model.of.condition=class, and a kind such as model.of.kind=pixelcnn");
    }
    for (int64_t c = 0; c < network_->components(); ++c)
      record_order(scope, c == 0 ? "order" : fmt::format("order_{}", c), network_->order(c));
  }

  bool told_of_augmentation() const override { return true; }
  int64_t components() const override { return network_->components(); }
  std::vector<double> log_weights(const ParameterArena& parameters) const override {
    return network_->log_weights(parameters);
  }
  const std::vector<int64_t>& order(int64_t component) const override { return network_->order(component); }
  bool views_share_bits() const override { return network_->views_share_bits(); }
  int64_t examples_at_once() const override { return inner_->examples_at_once(); }
  int64_t training_component(int64_t step) const override { return network_->training_component(step); }
  void after_step(const std::vector<Statistics>& lanes) override { inner_->after_step(lanes); }
  int64_t inactive_parameters() const override { return inner_->inactive_parameters(); }
  std::vector<std::vector<int64_t>> expert_counts(const ParameterArena& parameters, const Batch& batch) const override {
    return inner_->expert_counts(parameters, {batch.symbols, told_classes(batch), {}});
  }

  // The network's own: what one of any order learns from is not its parallel view.
  Variable loss(Pass& pass, const Batch& batch) const override { return loss_and_nll(pass, batch).loss; }
  bool loss_is_nll() const override { return network_->loss_is_nll(); }
  TrainingLoss loss_and_nll(Pass& pass, const Batch& batch) const override {
    TrainingLoss found = network_->loss_and_nll(pass, Batch{batch.symbols, told_classes(batch)});
    if (condition() != Condition::kJoint) return found;
    const Variable prior = class_prior_loss(pass, batch);
    found.loss = ops::add(found.loss, prior);
    found.nll += static_cast<double>(prior.value().data<float>()[0]);
    return found;
  }
  Variable logits(Pass& pass, const OrderedBatch& batch, int64_t component) const override {
    return network_->logits(pass, OrderedBatch{{batch.symbols, told_classes(batch)}}, component);
  }

  std::unique_ptr<StepView> step_view(const ParameterArena& parameters, int64_t component) const override {
    return std::make_unique<ToldStepView>(network_->step_view(parameters, component), ways_, 0, conditional());
  }
  bool any_order() const override { return network_->any_order(); }
  std::unique_ptr<StepView> step_view_in(const ParameterArena& parameters,
                                         const std::vector<int64_t>& order) const override {
    return std::make_unique<ToldStepView>(network_->step_view_in(parameters, order), ways_, 0, conditional());
  }
  int64_t looks_of_parallel_view() const override { return network_->looks_of_parallel_view(); }

 protected:
  Layout network_layout() const override {
    Layout layout;
    layout.line(
        fmt::format("the network below is told the label {}0, the number of plain images among {} ways of "
                    "augmentation; what it says of its own label is of that",
                    conditional() ? fmt::format("{} y + ", ways_) : "", ways_));
    layout.tensor("order", "position of each step (component 0)");
    layout.tensor("order_*", "position of each step, of component *");
    return layout.part("of/", network_->layout());
  }

 private:
  // What the network is told in the place of a label.
  Tensor told_classes(const Batch& batch) const {
    Tensor told({batch.count()}, DType::kS32);
    const int32_t* labels = conditional() ? labels_of(batch).data<int32_t>() : nullptr;
    const int32_t* way = batch.augmentation.defined() ? batch.augmentation.data<int32_t>() : nullptr;
    for (int64_t i = 0; i < batch.count(); ++i)
      told.data<int32_t>()[i] = static_cast<int32_t>((labels ? labels[i] : 0) * ways_ + (way ? way[i] : 0));
    return told;
  }

  int64_t ways_;
  std::unique_ptr<Model> inner_;
  const AutoregressiveModel* network_ = nullptr;  // inner_
};

[[maybe_unused]] const bool registered = register_model<Augmented>(
    "augmented", "A network that is told how training images were changed, asked for plain ones (Jun et al. 2020)");

}  // namespace
}  // namespace mlrun
