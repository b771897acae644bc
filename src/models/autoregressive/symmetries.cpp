// One network for several raster orders: those that the symmetries of a square make of one (Jain, Abbeel & Pathak 2020
// mix eight orders of one network in the same way).
//
// Component s shows the network the image turned or mirrored by symmetry s, and tells it which: the inner model is
// conditional, and s is its class. So p(x) = mean over s of p(s(x) | s), a mixture as every other of `components`:
// training takes one after the other, evaluation all of them. With labels y of the outer model's own, the class of the
// inner model is y * orders + s.
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

// [positions] of image data: the position of the image that symmetry s shows at each place of the network's input.
// Bit 0 mirrors columns, bit 1 rows; bit 2 exchanges rows and columns, and is for square images.
std::vector<int64_t> shown_positions(const DataSpec& data, int64_t s) {
  const int64_t height = data.shape[0], width = data.shape[1];
  std::vector<int64_t> positions;
  for (int64_t r = 0; r < height; ++r) {
    for (int64_t c = 0; c < width; ++c) {
      int64_t row = r, column = c;
      if (s & 4) std::swap(row, column);
      if (s & 2) row = height - 1 - row;
      if (s & 1) column = width - 1 - column;
      positions.push_back(row * width + column);
    }
  }
  return positions;
}

class Symmetries : public AutoregressiveModel {
 public:
  struct Options {
    explicit Options(config::Reader& reader)
        : orders(
              reader.integer("orders", {.help = "1, 2 and 4: mirrored; 8: turned by a quarter as well (square images)",
                                        .min = 1,
                                        .max = 8,
                                        .fallback = 8})),
          condition(read_condition(reader)) {
      config::Reader section = reader.section("of", "the network of all orders, whose class is the symmetry");
      section.preset("condition", "class");
      inside = model_kinds().choose(section, "pixelcnn");
    }
    int64_t orders;
    Condition condition;
    ModelRegistry::Choice inside;
  };
  static Facts facts(const Options& options) { return facts_of_told(options.inside); }

  Symmetries(const Options& options, const DataSpec& data, const Scope& scope)
      : AutoregressiveModel(data, options.condition, scope), orders_(options.orders) {
    if (!data.is_image() || data.given > 0)
      fail(ExitCode::kUsage, "model.kind symmetries: expected images; this data is rows of {} symbols",
           data.positions());
    if (orders_ > 4 && data.shape[0] != data.shape[1]) {
      fail(ExitCode::kUsage,
           "model.orders {}: images of {} x {} have 4 symmetries, those that mirror them\n  take   model.orders=4",
           orders_, data.shape[0], data.shape[1]);
    }
    DataSpec shown = data;
    shown.classes = orders_ * (conditional() ? classes() : 1);
    require_trained(options.inside);
    inner_ = options.inside.build(shown, scope / "of");
    const AutoregressiveModel* network = inner_->autoregressive();
    if (!network || network->condition() != Condition::kClass || network->components() != 1) {
      fail(ExitCode::kUsage,
           "model.of: expected an autoregressive model of one order that is told the symmetry as its class\n"
           "  take   model.of.condition=class, and a kind such as model.of.kind=pixelcnn");
    }
    network_ = network;
    for (int64_t s = 0; s < orders_; ++s) {
      const std::vector<int64_t> places = shown_positions(data, s);
      std::vector<int64_t> order;
      for (const int64_t place : network->order(0)) order.push_back(places[static_cast<size_t>(place)]);
      orders_visited_.push_back(std::move(order));
      record_order(scope, s == 0 ? "order" : fmt::format("order_{}", s), orders_visited_.back());
    }
  }

  int64_t components() const override { return orders_; }
  const std::vector<int64_t>& order(int64_t component) const override {
    return orders_visited_[static_cast<size_t>(component)];
  }
  bool told_of_augmentation() const override { return network_->told_of_augmentation(); }
  bool views_share_bits() const override { return network_->views_share_bits(); }
  int64_t examples_at_once() const override { return inner_->examples_at_once(); }
  void after_step(const std::vector<Statistics>& lanes) override { inner_->after_step(lanes); }
  int64_t inactive_parameters() const override { return inner_->inactive_parameters(); }
  std::vector<std::vector<int64_t>> expert_counts(const ParameterArena& parameters, const Batch& batch) const override {
    return inner_->expert_counts(parameters, {batch.symbols, told_classes(batch, 0), batch.augmentation});
  }

  // The network's own: what one of any order learns from is not its parallel view.
  Variable loss(Pass& pass, const Batch& batch) const override { return loss_and_nll(pass, batch).loss; }
  bool loss_is_nll() const override { return network_->loss_is_nll(); }
  TrainingLoss loss_and_nll(Pass& pass, const Batch& batch) const override {
    const int64_t component = training_component(pass.step()), n = batch.count(), positions = data().positions();
    const OrderedBatch steps = ordered(batch, component);
    Batch turned = {Tensor({n, positions}, DType::kS32), told_classes(batch, component), batch.augmentation};
    for (int64_t i = 0; i < n; ++i) {
      const int32_t* from = steps.symbols.data<int32_t>() + i * positions;
      int32_t* to = turned.symbols.data<int32_t>() + i * positions;
      for (const int64_t place : network_->order(0)) to[place] = *from++;
    }
    TrainingLoss found = network_->loss_and_nll(pass, turned);
    if (condition() != Condition::kJoint) return found;
    const Variable prior = class_prior_loss(pass, batch);
    found.loss = ops::add(found.loss, prior);
    found.nll += static_cast<double>(prior.value().data<float>()[0]);
    return found;
  }
  // Turned, the image is the same sequence of symbols: the orders are chosen so.
  Variable logits(Pass& pass, const OrderedBatch& batch, int64_t component) const override {
    return network_->logits(pass, OrderedBatch{{batch.symbols, told_classes(batch, component), batch.augmentation}}, 0);
  }
  int64_t looks_of_parallel_view() const override { return network_->looks_of_parallel_view(); }

  std::unique_ptr<StepView> step_view(const ParameterArena& parameters, int64_t component) const override {
    return std::make_unique<ToldStepView>(network_->step_view(parameters, 0), orders_, component, conditional());
  }

 protected:
  Layout network_layout() const override {
    const DataSpec& images = data();
    Layout layout;
    layout.line(
        fmt::format("component c shows the network below the image u[r, k] = x[a, b], {} x {}, where (a, b) is (r, "
                    "k), exchanged if c & 4, then a = {} - a if c & 2, b = {} - b if c & 1",
                    images.shape[0], images.shape[1], images.shape[0] - 1, images.shape[1] - 1));
    layout.line(
        fmt::format("its label is {}c; its step t is step t here; below, u is x, and what it says of its own mixture, "
                    "label and order is of u",
                    conditional() ? fmt::format("{} y + ", orders_) : ""));
    layout.tensor("order", "position of each step (component 0)");
    layout.tensor("order_*", "position of each step, of component *");
    return layout.part("of/", network_->layout());
  }

 private:
  // What the network is told in the place of a label.
  Tensor told_classes(const Batch& batch, int64_t component) const {
    Tensor told({batch.count()}, DType::kS32);
    const int32_t* labels = conditional() ? labels_of(batch).data<int32_t>() : nullptr;
    for (int64_t i = 0; i < batch.count(); ++i)
      told.data<int32_t>()[i] = static_cast<int32_t>((labels ? labels[i] : 0) * orders_ + component);
    return told;
  }

  int64_t orders_;
  std::unique_ptr<Model> inner_;
  const AutoregressiveModel* network_ = nullptr;      // inner_
  std::vector<std::vector<int64_t>> orders_visited_;  // [component][step]
};

[[maybe_unused]] const bool registered = register_model<Symmetries>(
    "symmetries", "One network for the raster orders of a square's symmetries, as a mixture (Jain et al. 2020)");

}  // namespace
}  // namespace mlrun
