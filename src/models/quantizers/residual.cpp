// Residual quantisation (Zeghidour et al. 2021, SoundStream): each level quantises what the levels before it left.
//
// r_1 = z, r_{l+1} = r_l - q_l with gradients, and the result is the sum of all q_l: so that with straight-through
// levels the gradient of the whole is that of one straight-through step, and what is learned inside a level learns as
// it does alone.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "kernels/vector/elementwise.hpp"
#include "models/quantizers/quantizer.hpp"
#include "ops/elementwise.hpp"

namespace mlrun {
namespace {

struct ResidualOptions {
  explicit ResidualOptions(config::Reader& reader)
      : levels(
            reader.integer("levels", {.help = "quantisers, one after the other", .min = 1, .max = 16, .fallback = 2})) {
    config::Reader section = reader.section("of", "the quantiser of each level");
    inside = quantizer_kinds().choose(section, "ema");
  }
  int64_t levels;
  QuantizerRegistry::Choice inside;
};

class ResidualQuantizer : public Quantizer {
 public:
  using Options = ResidualOptions;

  ResidualQuantizer(const Options& options, int64_t dimension, const Scope& scope) : d_(dimension) {
    for (int64_t l = 1; l <= options.levels; ++l) {
      levels_.push_back(make_quantizer(options.inside, dimension, scope / fmt::format("level_{}", l)));
    }
    within_ = levels_[0]->symbols();
  }

  int64_t dimension() const override { return d_; }
  int64_t alphabet() const override { return levels_[0]->alphabet(); }
  int64_t symbols() const override { return within_ * static_cast<int64_t>(levels_.size()); }

  Quantized quantize(Pass& pass, const Variable& z) const override {
    const int64_t n = z.dim(0);
    Quantized all;
    all.codes = Tensor({n, symbols()}, DType::kS32);
    Variable rest = z;
    for (size_t l = 0; l < levels_.size(); ++l) {
      const Quantized q = levels_[l]->quantize(pass, rest);
      for (int64_t i = 0; i < n; ++i) {
        std::copy_n(q.codes.data<int32_t>() + i * within_, within_,
                    all.codes.data<int32_t>() + i * symbols() + static_cast<int64_t>(l) * within_);
      }
      all.vectors = l == 0 ? q.vectors : ops::add(all.vectors, q.vectors);
      if (q.loss.defined()) all.loss = all.loss.defined() ? ops::add(all.loss, q.loss) : q.loss;
      all.squared_error = q.squared_error;  // what the last level leaves
      if (l + 1 < levels_.size()) rest = ops::sub(rest, q.vectors);
    }
    return all;
  }

  Tensor vectors(Pass& pass, const Tensor& codes) const override {
    Tensor sum;
    for (size_t l = 0; l < levels_.size(); ++l) {
      const Tensor part = levels_[l]->vectors(pass, codes_of(codes, static_cast<int64_t>(l)));
      if (l == 0) sum = part.clone();
      else kernels::add_to(sum, part);
    }
    return sum;
  }

  void initialise_from(Pass& pass, const Tensor& z, const RandomStream& noise) override {
    Tensor rest = z;
    for (size_t l = 0; l < levels_.size(); ++l) {
      levels_[l]->initialise_from(pass, rest, noise.at(l));
      rest = ops::sub(rest, levels_[l]->quantize(pass, rest).vectors).value();
    }
  }
  void after_step(const std::vector<Statistics>& lanes) override {
    for (const auto& level : levels_) level->after_step(lanes);
  }
  int64_t restarted() const override {
    int64_t sum = 0;
    for (const auto& level : levels_) sum += level->restarted();
    return sum;
  }

  Layout layout() const override {
    Layout layout;
    layout.line(
        fmt::format("r = z; for level_1 .. level_{}: (k, q_i) by that level, of z = r;  r = r - q_i;  then q = the "
                    "sum of all q_i; codes stand side by side",
                    levels_.size()));
    return layout.part("level_*/", levels_[0]->layout());
  }

 private:
  Tensor codes_of(const Tensor& codes, int64_t level) const {
    const int64_t n = codes.count() / symbols();
    Tensor part({n, within_}, DType::kS32);
    for (int64_t i = 0; i < n; ++i) {
      std::copy_n(codes.data<int32_t>() + i * symbols() + level * within_, within_, part.data<int32_t>() + i * within_);
    }
    return part;
  }

  int64_t d_, within_ = 1;
  std::vector<std::unique_ptr<Quantizer>> levels_;
};

[[maybe_unused]] const bool registered = register_quantizer<ResidualQuantizer>(
    "residual", "Several quantisers, each of what is left by those before (Zeghidour et al. 2021)");

}  // namespace
}  // namespace mlrun
