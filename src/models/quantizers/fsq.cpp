// Finite scalar quantisation (Mentzer et al. 2023): each of a few dimensions is rounded to one of its levels.
//
// With L levels: bound(z) = tanh(z + s) h - o, h = (L - 1) (1 + 1e-3) / 2, o = 1/2 for even L and 0 for odd, s =
// atanh(o / h); q = round(bound(z)) straight-through, scaled by 1 / floor(L / 2) to -1 .. 1 (their section 3). There is
// no table, and nothing is added to the loss. The code is the number whose digits are the levels, the first dimension
// the least. A saturated tanh of many levels (1 / 1e-3 and more) would be rounded to a level outside of them: it stays
// at the outermost one.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "models/quantizers/running_norm.hpp"
#include "models/quantizers/table.hpp"
#include "ops/activation.hpp"
#include "ops/elementwise.hpp"
#include "ops/quantize.hpp"

namespace mlrun {
namespace {

struct FsqOptions {
  explicit FsqOptions(config::Reader& reader)
      : levels(reader.integers("levels", {.help = "of each dimension; their product is the number of codes",
                                          .min = 2,
                                          .max = 1024,
                                          .min_size = 1,
                                          .max_size = 16,
                                          .fallback = {{8, 8, 8}}})),
        normalise(reader.boolean("normalise", {.help = "rows to mean 0 and variance 1, by running figures; false: as "
                                                       "in the paper",
                                               .fallback = true})) {
    int64_t codes = 1;
    for (const int64_t l : levels) codes = std::min<int64_t>(codes * l, 1 << 20);
    if (codes > 65536) reader.mistake("levels", "levels whose product is above 65536, the most codes there can be");
  }
  std::vector<int64_t> levels;
  bool normalise;
};

class FsqQuantizer : public Quantizer {
 public:
  using Options = FsqOptions;

  FsqQuantizer(const Options& options, int64_t, const Scope& scope)
      : levels_(options.levels),
        d_(static_cast<int64_t>(options.levels.size())),
        half_({d_}),
        offset_({d_}),
        shift_({d_}),
        unit_({d_}) {
    if (options.normalise) norm_.emplace(scope / "norm", d_);
    for (int64_t j = 0; j < d_; ++j) {
      const double levels = static_cast<double>(levels_[static_cast<size_t>(j)]);
      const double half = (levels - 1) * (1 + 1e-3) / 2, offset = levels_[static_cast<size_t>(j)] % 2 == 0 ? 0.5 : 0.0;
      half_.data<float>()[j] = static_cast<float>(half);
      offset_.data<float>()[j] = static_cast<float>(offset);
      shift_.data<float>()[j] = static_cast<float>(std::atanh(offset / half));
      unit_.data<float>()[j] = 1.0f / static_cast<float>(levels_[static_cast<size_t>(j)] / 2);
    }
  }

  int64_t dimension() const override { return d_; }
  int64_t alphabet() const override {
    return std::accumulate(levels_.begin(), levels_.end(), int64_t{1}, std::multiplies<>());
  }

  Quantized quantize(Pass& pass, const Variable& rows) const override {
    const Variable z = norm_ ? (*norm_)(pass, rows) : rows;
    const Variable bounded = ops::sub(ops::mul(ops::tanh(ops::add(z, shift_)), half_), offset_);
    const int64_t n = z.dim(0);
    Tensor rounded(z.shape());
    Quantized q;
    q.codes = Tensor({n, 1}, DType::kS32);
    for (int64_t i = 0; i < n; ++i) {
      int64_t code = 0;
      for (int64_t j = d_ - 1; j >= 0; --j) {
        const int64_t levels = levels_[static_cast<size_t>(j)];
        const auto low = static_cast<float>(-(levels / 2)), high = static_cast<float>(levels - 1 - levels / 2);
        const float nearest = std::clamp(std::nearbyint(bounded.value().data<float>()[i * d_ + j]), low, high);
        rounded.data<float>()[i * d_ + j] = nearest;
        // NaN has no digit. It stays NaN in the vectors, and the step that made it ends the training.
        const int64_t digit = std::isnan(nearest) ? 0 : static_cast<int64_t>(nearest) + levels / 2;
        code = code * levels + digit;
      }
      q.codes.data<int32_t>()[i] = static_cast<int32_t>(code);
    }
    q.squared_error = squared_error(bounded.value(), rounded);
    q.vectors = ops::mul(ops::straight_through(bounded, rounded), unit_);
    return q;
  }

  void initialise_from(Pass&, const Tensor& rows, const RandomStream&) override {
    if (norm_) norm_->initialise_from(rows);
  }
  void after_step(const std::vector<Statistics>& lanes) override {
    if (norm_) norm_->after_step(lanes);
  }

  Tensor vectors(Pass&, const Tensor& codes) const override {
    Tensor v({codes.count(), d_});
    for (int64_t i = 0; i < codes.count(); ++i) {
      int64_t code = codes.data<int32_t>()[i];
      for (int64_t j = 0; j < d_; ++j) {
        const int64_t levels = levels_[static_cast<size_t>(j)];
        v.data<float>()[i * d_ + j] = static_cast<float>(code % levels - levels / 2) * unit_.data<float>()[j];
        code /= levels;
      }
    }
    return v;
  }

  Layout layout() const override {
    Layout layout;
    if (norm_) layout.line("z = (z - norm/mean) / sqrt(norm/variance)");
    layout.line(fmt::format(
        "of L levels ({}): b = tanh(z + s) h - o, h = (L - 1) 1.001 / 2, o = 1/2 for even L and else 0, s "
        "= atanh(o / h);  n = round(b), between -floor(L / 2) and L - 1 - floor(L / 2);  q = n / floor(L / 2)",
        fmt::join(levels_, ", ")));
    layout.line("k: the number whose digits are n + floor(L / 2), the first one the least");
    return layout.tensor("norm/mean", "of each number")
        .tensor("norm/variance", "of each number")
        .tensor("norm/steps", "steps so far; only training reads it");
  }

 private:
  std::vector<int64_t> levels_;
  int64_t d_;
  Tensor half_, offset_, shift_, unit_;  // [d]
  std::optional<RunningNorm> norm_;
};

[[maybe_unused]] const bool registered =
    register_quantizer<FsqQuantizer>("fsq", "Rounding of a few bounded dimensions (Mentzer et al. 2023)");

}  // namespace
}  // namespace mlrun
