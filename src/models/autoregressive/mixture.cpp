// A mixture of trained models: p(x) = sum_k w_k p_k(x), with the weights w_k fitted on the valid split.
//
// The models stay as their runs left them. Only the K weights are new, and they are fitted in one step: -log p_k(x) of
// every valid example is computed once, and expectation maximisation (Dempster, Laird & Rubin 1977) makes the mean of
// log sum_k w_k p_k(x) largest. That function is concave in w, so there is one best value, and EM reaches it.
// What is coded or drawn comes from one of the models, chosen by its weight.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/log_sum_exp.hpp"
#include "config/document.hpp"
#include "config/starter.hpp"
#include "models/autoregressive/mixture_weights.hpp"
#include "models/model.hpp"
#include "models/order.hpp"
#include "nn/initialisers.hpp"
#include "ops/elementwise.hpp"
#include "ops/reduce.hpp"
#include "ops/softmax.hpp"

namespace mlrun {
namespace {

constexpr int64_t kMostParts = 64;

// Where the parameters of part k are.
std::string place_of(size_t k) { return fmt::format("of/{}", k); }

class Mixture : public AutoregressiveModel {
 public:
  struct Options {
    explicit Options(config::Reader& reader) {
      const std::vector<std::string> of = reader.strings(
          "of", {.help = "the runs (or checkpoints) whose models are mixed", .min_size = 1, .max_size = kMostParts});
      const auto found = [&](const char* key, const std::string& what) {
        return reader.strings(key, {.help = what + ", as found", .fallback = std::vector<std::string>{}});
      };
      const std::vector<std::string> models = found("models", "the section `model` of each");
      const std::vector<int64_t> seeds = reader.integers(
          "seeds", {.help = "the seed of each, as found", .min = 0, .fallback = std::vector<int64_t>{}});
      const std::vector<std::string> runs = found("runs", "the run of each, or none");
      const std::vector<int64_t> steps = reader.integers(
          "steps", {.help = "the step of each, as found", .min = 0, .fallback = std::vector<int64_t>{}});
      const std::vector<std::string> sha256 = found("sha256", "of the weights of each");
      const std::vector<int64_t> told = reader.integers(
          "ways", {.help = "of augmentation that each was told of, as found; none: 1 of each, there was none",
                   .min = 1,
                   .fallback = std::vector<int64_t>{}});
      reader.later("ways");
      for (const char* key : {"models", "seeds", "sha256", "ways"}) reader.in_full_only(key);
      if (!models.empty()) reader.in_full_only("of");  // files then, whose runs and steps say the same
      if (reader.describing()) return;
      for (size_t k = 0; k < of.size(); ++k) parts.push_back({.scope = place_of(k), .checkpoint = of[k]});
      if (models.empty()) return;  // they were not found: whoever builds the model says why
      ways = told.empty() ? std::vector<int64_t>(of.size(), 1) : told;
      for (const size_t size : {models.size(), seeds.size(), runs.size(), steps.size(), sha256.size(), ways.size()}) {
        if (size == of.size()) continue;
        reader.mistake(
            "of",
            fmt::format("model.of names {} runs, and something that was found is there {} times", of.size(), size),
            "leave models, seeds, runs, steps, sha256 and ways out: they are found by of");
        return;
      }
      for (size_t k = 0; k < of.size(); ++k) {
        const std::string name = fmt::format("model {} of model.models", k);
        const config::Document document = config::Document::from_text(models[k], name, {}, {});
        config::Reader section = document.root();
        kinds.push_back(model_kinds().choose(section));
        section.finish();
        if (document.diagnostics().count() > 0) {
          reader.mistake("models",
                         fmt::format("{} is none that this mlrun reads: {}", name, document.diagnostics().report()));
          return;
        }
        seed.push_back(static_cast<uint64_t>(seeds[k]));
        parts[k].run = runs[k] == "none" ? "" : runs[k];
        parts[k].step = steps[k];
        parts[k].sha256 = sha256[k];
      }
    }
    std::vector<ModelRegistry::Choice> kinds;
    std::vector<uint64_t> seed;
    std::vector<int64_t> ways;  // DataSpec::augmentations of the data that each was trained on
    std::vector<TrainedPart> parts;
  };
  static Facts facts(const Options& options) {
    return {.examples_per_lane = 8, .parts = options.parts, .fitted_at_once = true};
  }

  Mixture(const Options& options, const DataSpec& data, const Scope& scope)
      : Mixture(parts_of(options, data, scope), data, scope) {}

  int64_t components() const override { return static_cast<int64_t>(components_.size()); }
  const std::vector<int64_t>& order(int64_t component) const override {
    const Place& place = at(component);
    return model(place.part).order(place.component);
  }
  Variable logits(Pass& pass, const OrderedBatch& batch, int64_t component) const override {
    const Place& place = at(component);
    return model(place.part).logits(pass, batch, place.component);
  }
  std::unique_ptr<StepView> step_view(const ParameterArena& parameters, int64_t component) const override {
    const Place& place = at(component);
    return model(place.part).step_view(parameters, place.component);
  }

  int64_t inactive_parameters() const override {
    int64_t all = 0;
    for (const auto& part : parts_) all += part->inactive_parameters();
    return all;
  }
  bool views_share_bits() const override {
    return std::all_of(parts_.begin(), parts_.end(),
                       [](const auto& part) { return part->autoregressive()->views_share_bits(); });
  }
  int64_t looks_of_parallel_view() const override {
    int64_t most = 1;
    for (const auto& part : parts_) most = std::max(most, part->autoregressive()->looks_of_parallel_view());
    return most;
  }
  bool any_length() const override {
    return std::all_of(parts_.begin(), parts_.end(),
                       [](const auto& part) { return part->autoregressive()->any_length(); });
  }
  int64_t examples_at_once() const override {
    int64_t least = 0;
    for (const auto& part : parts_) {
      const int64_t most = part->examples_at_once();
      if (most > 0) least = least > 0 ? std::min(least, most) : most;
    }
    return least;
  }

  std::vector<double> log_weights(const ParameterArena& parameters) const override {
    std::vector<double> all = weights_of_parts(parameters);
    std::vector<double> weights;
    for (size_t k = 0; k < parts_.size(); ++k)
      for (const double own : model(k).log_weights(parameters)) weights.push_back(all[k] + own);
    return weights;
  }

  // -log sum_k w_k p_k(x) of all examples together. Its gradient is that of K log-weights: of sum_k R_k log w_k, where
  // R_k is how far the examples are due to part k by Bayes' rule; what that leaves of the loss does not depend on w.
  Variable loss(Pass& pass, const Batch& batch) const override {
    const Variable log_w = ops::log_softmax(pass(log_weights_));
    Tensor due = Tensor::zeros({static_cast<int64_t>(parts_.size())});
    double rest = 0;
    for (const std::vector<double>& nll : transposed(nll_by_part(pass.parameters(), batch))) {
      std::vector<double> joint;
      for (size_t k = 0; k < nll.size(); ++k)
        joint.push_back(static_cast<double>(log_w.value().data<float>()[k]) - nll[k]);
      const double total = log_sum_exp(joint);
      for (size_t k = 0; k < nll.size(); ++k) {
        const double share = std::exp(joint[k] - total);
        due.data<float>()[k] += static_cast<float>(share);
        if (share > 0) rest += share * (std::log(share) + nll[k]);
      }
    }
    const Variable weighted = ops::negate(ops::sum(ops::mul(log_w, Variable(due))));
    return ops::affine(weighted, 1.0f, static_cast<float>(rest));
  }

  double fit(const ParameterArena& parameters,
             const std::vector<std::vector<double>>& nll_by_component) const override {
    const FittedWeights fitted = fit_mixture_weights(merged(parameters, nll_by_component));
    Tensor w = parameters.value(log_weights_.index());
    for (size_t k = 0; k < parts_.size(); ++k) w.data<float>()[k] = static_cast<float>(fitted.log_weights[k]);
    return fitted.nll;
  }

  std::vector<std::pair<std::string, double>> figures(const ParameterArena& parameters) const override {
    std::vector<std::pair<std::string, double>> columns;
    for (const double log_w : weights_of_parts(parameters))
      columns.emplace_back(fmt::format("weight_{}", columns.size()), std::exp(log_w));
    return columns;
  }

 protected:
  Layout network_layout() const override {
    Layout layout;
    layout.tensor("log_weights", "log w_k of each part, up to a constant");
    layout.tensor("order", "position of each step (component 0)");
    layout.tensor("order_*", "position of each step, of component *");
    int64_t component = 0;
    for (size_t k = 0; k < parts_.size(); ++k) {
      const int64_t own = model(k).components();
      layout.line(own == 1 ? fmt::format("component {} is part {}, a model of its own, whose tensors are below {}:",
                                         component, k, place_of(k))
                           : fmt::format("components {} .. {} are those of part {}, a model of its own, whose tensors "
                                         "are below {}:",
                                         component, component + own - 1, k, place_of(k)));
      layout.part(place_of(k) + "/", model(k).layout());
      component += own;
    }
    return layout;
  }
  std::string mixture_formula() const override {
    return fmt::format(
        "p(x) is a weighted mean over {} parts: w = softmax(log_weights), log(sum_k(w[k] * exp(log p_k(x))))",
        parts_.size());
  }

 private:
  using Parts = std::vector<std::unique_ptr<Model>>;
  struct Place {
    size_t part;
    int64_t component;  // of that part
  };

  static Parts parts_of(const Options& options, const DataSpec& data, const Scope& scope) {
    if (options.kinds.empty()) {
      fail(ExitCode::kUsage,
           "model.kind mixture: its runs were not looked for; it is a whole model, and no part of another one");
    }
    Parts parts;
    for (size_t k = 0; k < options.kinds.size(); ++k) {
      DataSpec told = data;
      told.augmentations = options.ways[k];
      parts.push_back(options.kinds[k].build(told, scope.frozen(place_of(k), options.seed[k])));
      const AutoregressiveModel* model = parts.back()->autoregressive();
      const std::string& name = options.parts[k].checkpoint;
      if (!model) {
        fail(ExitCode::kUsage, "model.of: {} is a {} model, which has no likelihood of x to mix with others", name,
             options.kinds[k].kind());
      }
      if (model->condition() == Condition::kJoint) {
        fail(ExitCode::kUsage,
             "model.of: {} is a model of p(x, y), with a p(y) of its own; p(x) and p(x|y) can be mixed\n"
             "  take runs of   model.condition=class",
             name);
      }
      if (model->condition() != parts.front()->autoregressive()->condition()) {
        fail(ExitCode::kUsage, "model.of: {} is a model of {}, and {} one of {}", options.parts[0].checkpoint,
             parts.front()->autoregressive()->conditional() ? "p(x|y)" : "p(x)", name,
             model->conditional() ? "p(x|y)" : "p(x)");
      }
    }
    return parts;
  }

  Mixture(Parts parts, const DataSpec& data, const Scope& scope)
      : AutoregressiveModel(data, parts.front()->autoregressive()->condition(), scope),
        parts_(std::move(parts)),
        log_weights_(scope.parameter("log_weights", {static_cast<int64_t>(parts_.size())}, "part", ParameterKind::kBias,
                                     initialise::zeros())) {
    for (size_t k = 0; k < parts_.size(); ++k) {
      for (int64_t c = 0; c < model(k).components(); ++c) {
        const size_t number = components_.size();
        record_order(scope, number == 0 ? "order" : fmt::format("order_{}", number), model(k).order(c));
        components_.push_back({k, c});
      }
    }
  }

  const AutoregressiveModel& model(size_t part) const { return *parts_[part]->autoregressive(); }
  const Place& at(int64_t component) const { return components_[static_cast<size_t>(component)]; }

  std::vector<double> weights_of_parts(const ParameterArena& parameters) const {
    const float* w = parameters.value(log_weights_.index()).data<float>();
    std::vector<double> all(w, w + parts_.size());
    const double total = log_sum_exp(all);
    for (double& log_w : all) log_w -= total;
    return all;
  }

  // -log p_k(x): [parts][n].
  std::vector<std::vector<double>> merged(const ParameterArena& parameters,
                                          const std::vector<std::vector<double>>& nll_by_component) const {
    std::vector<std::vector<double>> parts;
    size_t first = 0;
    for (size_t k = 0; k < parts_.size(); ++k) {
      const std::vector<double> own = model(k).log_weights(parameters);
      std::vector<double> nll;
      for (size_t i = 0; i < nll_by_component[first].size(); ++i) {
        std::vector<double> terms;
        for (size_t c = 0; c < own.size(); ++c) terms.push_back(own[c] - nll_by_component[first + c][i]);
        nll.push_back(-log_sum_exp(terms));
      }
      parts.push_back(std::move(nll));
      first += own.size();
    }
    return parts;
  }
  std::vector<std::vector<double>> nll_by_part(const ParameterArena& parameters, const Batch& batch) const {
    return merged(parameters, nll_by_component(parameters, batch));
  }
  static std::vector<std::vector<double>> transposed(const std::vector<std::vector<double>>& parts) {
    std::vector<std::vector<double>> examples(parts[0].size());
    for (const std::vector<double>& part : parts)
      for (size_t i = 0; i < part.size(); ++i) examples[i].push_back(part[i]);
    return examples;
  }

  Parts parts_;
  Parameter log_weights_;
  std::vector<Place> components_;
};

[[maybe_unused]] const bool starter = config::register_starter("model.kind=mixture", {"model.of=@last"});
[[maybe_unused]] const bool registered = register_model<Mixture>(
    "mixture", "Models of several runs, `of`, as a mixture with weights fitted on the valid split");

}  // namespace
}  // namespace mlrun
