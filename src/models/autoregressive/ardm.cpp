// An order-agnostic autoregressive model of images (Uria, Murray & Larochelle 2014; Hoogeboom et al. 2022, who call it
// ARDM): what EoNADE is, with a network of convolutions on several scales in place of a dense one.
//
// The network gives p(x_i | any set of known pixels) for all unknown i at once. Training draws a set for every example
// and weighs what is unknown (models/autoregressive/eonade_known.hpp): an unbiased estimate of the NLL averaged over all
// orders. In one order the exact likelihood takes a pass of the network for each of D steps. With `parallel: m` the pixels
// are predicted m at a time, independently given those of the steps before: another law, of D / m passes.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "models/autoregressive/ardm_network.hpp"
#include "models/autoregressive/order_agnostic.hpp"
#include "models/autoregressive/pixel_input.hpp"
#include "models/model.hpp"
#include "models/order.hpp"
#include "ops/elementwise.hpp"

namespace mlrun {
namespace {

constexpr int64_t kImagesTogether = 16;  // of one pass in evaluation

struct ArdmOptions {
  explicit ArdmOptions(config::Reader& reader)
      : sizes(reader),
        head(reader, 32),
        orders(reader.integer("orders", {.help = "random orders in evaluation and sampling: the model is their mixture",
                                         .min = 1,
                                         .max = 4096,
                                         .fallback = 1})),
        parallel(
            reader.integer("parallel", {.help = "pixels predicted at once, independently given those before: another "
                                                "law than one by one, so many times faster, and worse",
                                        .min = 1,
                                        .max = 1 << 20,
                                        .fallback = 1})),
        condition(read_condition(reader)) {}
  ArdmSizes sizes;
  PixelHeadOptions head;
  int64_t orders, parallel;
  Condition condition;
};

// Steps through the images in an order; what a step may not see yet is kept back until the next lot of `parallel`.
class ArdmStepper : public Stepper {
 public:
  ArdmStepper(const ArdmNetwork& network, const ParameterArena& parameters, const std::vector<int64_t>& order,
              int64_t parallel, int64_t alphabet, int64_t count, const int32_t* labels)
      : network_(network),
        parameters_(parameters),
        order_(order),
        parallel_(parallel),
        width_(logits_per_step(alphabet)),
        count_(count),
        images_(network.unknown(count)) {
    if (labels) labels_ = Tensor::of({count}, std::vector<int32_t>(labels, labels + count));
  }

  void logits(float* out) override {
    if (t_ % parallel_ == 0) look();
    const int64_t d = static_cast<int64_t>(order_.size()), position = order_[static_cast<size_t>(t_)];
    for (int64_t i = 0; i < count_; ++i)
      std::copy_n(all_.data<float>() + (i * d + position) * width_, width_, out + i * width_);
  }

  void observe(const int32_t* symbols) override {
    const int64_t position = order_[static_cast<size_t>(t_)], size = images_.count() / count_;
    for (int64_t i = 0; i < count_; ++i) network_.reveal(images_.data<float>() + i * size, position, symbols[i]);
    ++t_;
  }

 private:
  void look() {
    const int64_t size = images_.count() / count_;
    for (int64_t i = 0; i < count_; ++i) network_.tell_share(images_.data<float>() + i * size, t_);
    Pass pass(parameters_);
    all_ = network_.logits(pass, images_, labels_.defined() ? &labels_ : nullptr).value();
  }

  const ArdmNetwork& network_;
  const ParameterArena& parameters_;
  const std::vector<int64_t>& order_;
  int64_t parallel_, width_, count_, t_ = 0;
  Tensor images_, labels_, all_;
};

class ArdmStepView : public StepView {
 public:
  ArdmStepView(const ArdmNetwork& network, const ParameterArena& parameters, std::vector<int64_t> order,
               int64_t parallel, int64_t alphabet, bool conditional)
      : network_(network),
        parameters_(parameters),
        order_(std::move(order)),
        parallel_(parallel),
        alphabet_(alphabet),
        conditional_(conditional) {}
  std::unique_ptr<Stepper> begin(int64_t count, const int32_t* labels) const override {
    return std::make_unique<ArdmStepper>(network_, parameters_, order_, parallel_, alphabet_, count,
                                         conditional_ ? labels : nullptr);
  }
  int64_t sequences_at_once() const override { return kImagesTogether; }

 private:
  const ArdmNetwork& network_;
  const ParameterArena& parameters_;
  std::vector<int64_t> order_;
  int64_t parallel_, alphabet_;
  bool conditional_;
};

class Ardm : public AutoregressiveModel {
 public:
  using Options = ArdmOptions;
  static Facts facts(const Options&) { return {.examples_per_lane = 8}; }

  Ardm(const Options& options, const DataSpec& data, const Scope& scope)
      : AutoregressiveModel((require_images(data, "ardm"), data), options.condition, scope),
        parallel_(options.parallel),
        network_(options.sizes, options.head, data, classes(), scope),
        shares_(shares_of_unknown(data.positions())) {
    for (int64_t k = 0; k < options.orders; ++k) {
      orders_.push_back(make_order(OrderKind::kRandom, data, scope, k));
      record_order(scope, k == 0 ? "order" : fmt::format("order_{}", k), orders_.back(), BufferKind::kOfEvaluation);
    }
  }

  int64_t components() const override { return static_cast<int64_t>(orders_.size()); }
  const std::vector<int64_t>& order(int64_t component) const override {
    return orders_[static_cast<size_t>(component)];
  }
  int64_t examples_at_once() const override { return 8; }

  Variable loss(Pass& pass, const Batch& batch) const override {
    const int64_t n = batch.count(), d = data().positions();
    const Known known = draw_known(n, shares_, pass.next_noise());
    Tensor images = network_.unknown(n);
    for (int64_t i = 0; i < n; ++i) {
      float* image = images.data<float>() + i * d * network_.channels();
      const float* mask = known.mask.data<float>() + i * d;
      int64_t count = 0;
      for (int64_t p = 0; p < d; ++p) {
        if (mask[p] == 0) continue;
        network_.reveal(image, p, batch.symbols.data<int32_t>()[i * d + p]);
        ++count;
      }
      network_.tell_share(image, count);
    }
    const Variable y = network_.logits(pass, images, conditional() ? &labels_of(batch) : nullptr);
    const Variable unknown = order_agnostic_loss(known, y, batch.symbols, data());
    return condition() == Condition::kJoint ? ops::add(unknown, class_prior_loss(pass, batch)) : unknown;
  }

  // No gradient comes through this view, which is for evaluation: training has a loss of its own. The images of several
  // steps go through the network together.
  Variable logits(Pass& pass, const OrderedBatch& batch, int64_t component) const override {
    const int64_t n = batch.count(), d = data().positions(), width = logits_per_step(data().alphabet);
    const int64_t size = d * network_.channels(), stages = (d + parallel_ - 1) / parallel_;
    const int64_t together = std::max<int64_t>(1, kImagesTogether / std::max<int64_t>(1, n));
    const std::vector<int64_t>& order = orders_[static_cast<size_t>(component)];
    Tensor y({n, d * width}), now = network_.unknown(n);
    for (int64_t begin = 0; begin < stages; begin += together) {
      const int64_t end = std::min(stages, begin + together), rows = (end - begin) * n;
      Tensor images = network_.unknown(rows), labels;
      for (int64_t stage = begin; stage < end; ++stage) {
        float* to = images.data<float>() + (stage - begin) * n * size;
        for (int64_t i = 0; i < n; ++i) network_.tell_share(now.data<float>() + i * size, stage * parallel_);
        std::copy_n(now.data<float>(), n * size, to);
        for (int64_t t = stage * parallel_; t < std::min(d, (stage + 1) * parallel_); ++t) {
          const int64_t position = order[static_cast<size_t>(t)];
          for (int64_t i = 0; i < n; ++i)
            network_.reveal(now.data<float>() + i * size, position, batch.symbols.data<int32_t>()[i * d + t]);
        }
      }
      if (conditional()) {
        labels = Tensor({rows}, DType::kS32);
        for (int64_t k = 0; k < rows; ++k) labels.data<int32_t>()[k] = labels_of(batch).data<int32_t>()[k % n];
      }
      Pass evaluation(pass.parameters());
      const Tensor all = network_.logits(evaluation, images, conditional() ? &labels : nullptr).value();
      for (int64_t t = begin * parallel_; t < std::min(d, end * parallel_); ++t) {
        const int64_t position = order[static_cast<size_t>(t)], stage = t / parallel_ - begin;
        for (int64_t i = 0; i < n; ++i) {
          std::copy_n(all.data<float>() + ((stage * n + i) * d + position) * width, width,
                      y.data<float>() + (i * d + t) * width);
        }
      }
    }
    return shape_as_logits(Variable(y), data());
  }

  int64_t looks_of_parallel_view() const override { return (data().positions() + parallel_ - 1) / parallel_; }
  bool views_share_bits() const override { return true; }  // kernels/conv/conv.hpp
  std::unique_ptr<StepView> step_view(const ParameterArena& parameters, int64_t component) const override {
    return step_view_in(parameters, order(component));
  }
  bool any_order() const override { return true; }
  std::unique_ptr<StepView> step_view_in(const ParameterArena& parameters,
                                         const std::vector<int64_t>& order) const override {
    return std::make_unique<ArdmStepView>(network_, parameters, order, parallel_, data().alphabet, conditional());
  }

 protected:
  Layout network_layout() const override {
    Layout layout;
    layout.line(parallel_ == 1
                    ? "for each step t: m = 1 at the positions of the steps before t, 0 elsewhere (any order will do)"
                    : fmt::format("for each step t: m = 1 at the positions of the steps before {0} floor(t / {0}), 0 "
                                  "elsewhere (any order will do): {0} pixels are predicted at once",
                                  parallel_));
    layout.part("", network_.layout());
    layout.line("of these l, in raster order, step t takes the one of position order[t]");
    layout.tensor("order", "position of each step (component 0)");
    return layout.tensor("order_*", "position of each step, of component *");
  }

 private:
  int64_t parallel_;
  ArdmNetwork network_;
  std::vector<double> shares_;  // of the numbers of unknown positions in training
  std::vector<std::vector<int64_t>> orders_;
};

[[maybe_unused]] const bool registered = register_model<Ardm>(
    "ardm", "Any order, by convolutions without masks on several scales (Uria et al. 2014, Hoogeboom et al. 2022)");

}  // namespace
}  // namespace mlrun
