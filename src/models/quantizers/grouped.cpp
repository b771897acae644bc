// Product quantisation (Jegou et al. 2011): the dimensions are cut into groups, each with a quantiser of its own.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "models/quantizers/quantizer.hpp"
#include "ops/elementwise.hpp"
#include "ops/shape.hpp"

namespace mlrun {
namespace {

struct GroupedOptions {
  explicit GroupedOptions(config::Reader& reader)
      : groups(reader.integer("groups", {.help = "parts of equal dimension", .min = 1, .max = 64, .fallback = 2})) {
    config::Reader section = reader.section("of", "the quantiser of each group");
    inside = quantizer_kinds().choose(section, "ema");
  }
  int64_t groups;
  QuantizerRegistry::Choice inside;
};

class GroupedQuantizer : public Quantizer {
 public:
  using Options = GroupedOptions;

  GroupedQuantizer(const Options& options, int64_t dimension, const Scope& scope) : d_(dimension) {
    if (dimension % options.groups != 0) {
      fail(ExitCode::kUsage,
           "quantizer.groups {} does not divide the dimension {} of what is to be quantised\n"
           "  take a model.dim that is a multiple of {}",
           options.groups, dimension, options.groups);
    }
    for (int64_t g = 1; g <= options.groups; ++g) {
      groups_.push_back(make_quantizer(options.inside, dimension / options.groups, scope / fmt::format("group_{}", g)));
    }
    within_ = groups_[0]->symbols();
  }

  int64_t dimension() const override { return d_; }
  int64_t alphabet() const override { return groups_[0]->alphabet(); }
  int64_t symbols() const override { return within_ * static_cast<int64_t>(groups_.size()); }

  Quantized quantize(Pass& pass, const Variable& z) const override {
    const int64_t n = z.dim(0);
    Quantized all;
    all.codes = Tensor({n, symbols()}, DType::kS32);
    std::vector<Variable> parts;
    for (size_t g = 0; g < groups_.size(); ++g) {
      const Quantized q = groups_[g]->quantize(pass, part_of(z, g));
      for (int64_t i = 0; i < n; ++i) {
        std::copy_n(q.codes.data<int32_t>() + i * within_, within_,
                    all.codes.data<int32_t>() + i * symbols() + static_cast<int64_t>(g) * within_);
      }
      parts.push_back(q.vectors);
      if (q.loss.defined()) all.loss = all.loss.defined() ? ops::add(all.loss, q.loss) : q.loss;
      all.squared_error += q.squared_error;
    }
    all.vectors = ops::concat(parts, 1);
    return all;
  }

  Tensor vectors(Pass& pass, const Tensor& codes) const override {
    const int64_t n = codes.count() / symbols();
    std::vector<Variable> parts;
    for (size_t g = 0; g < groups_.size(); ++g) {
      Tensor part({n, within_}, DType::kS32);
      for (int64_t i = 0; i < n; ++i) {
        std::copy_n(codes.data<int32_t>() + i * symbols() + static_cast<int64_t>(g) * within_, within_,
                    part.data<int32_t>() + i * within_);
      }
      parts.emplace_back(groups_[g]->vectors(pass, part));
    }
    return ops::concat(parts, 1).value();
  }

  void initialise_from(Pass& pass, const Tensor& z, const RandomStream& noise) override {
    for (size_t g = 0; g < groups_.size(); ++g) groups_[g]->initialise_from(pass, part_of(z, g).value(), noise.at(g));
  }
  void after_step(const std::vector<Statistics>& lanes) override {
    for (const auto& group : groups_) group->after_step(lanes);
  }
  int64_t restarted() const override {
    int64_t sum = 0;
    for (const auto& group : groups_) sum += group->restarted();
    return sum;
  }

  Layout layout() const override {
    Layout layout;
    layout.line(
        fmt::format("z is cut into {} equal parts, group_i quantises part i, and codes and q stand side by side; in "
                    "each:",
                    groups_.size()));
    return layout.part("group_*/", groups_[0]->layout());
  }

 private:
  Variable part_of(const Variable& z, size_t group) const {
    const int64_t width = d_ / static_cast<int64_t>(groups_.size()), begin = width * static_cast<int64_t>(group);
    return ops::slice(z, 1, begin, begin + width);
  }

  int64_t d_, within_ = 1;
  std::vector<std::unique_ptr<Quantizer>> groups_;
};

[[maybe_unused]] const bool registered = register_quantizer<GroupedQuantizer>(
    "grouped", "Dimensions in groups, each with a quantiser of its own (Jegou et al. 2011)");

}  // namespace
}  // namespace mlrun
