// Independent heads (Cai et al. 2024, "Medusa", section 2.1.1): head k has a residual layer of its own and a map to the
// predictions,
//
//   y_k = W_k (h + silu(U_k h)),
//
// and sees none of the symbols between. U begins as zeros, so that all heads begin with the stream itself.
#include <fmt/format.h>

#include <algorithm>

#include "kernels/vector/elementwise.hpp"
#include "models/sequence/draft_heads.hpp"
#include "nn/initialisers.hpp"
#include "nn/linear.hpp"
#include "ops/activation.hpp"
#include "ops/elementwise.hpp"
#include "ops/linear.hpp"
#include "ops/shape.hpp"

namespace mlrun {
namespace {

class MedusaSteps : public DraftHeadSteps {
 public:
  struct Head {
    PackedLinear inner, out;
  };
  explicit MedusaSteps(std::vector<Head> heads) : heads_(std::move(heads)) {}
  double products() const override {
    const Head& head = heads_.front();
    return static_cast<double>(head.inner.in() * (head.inner.out() + head.out.out()));
  }
  void operator()(int64_t k, int32_t, float* h, float* out) const override {
    const Head& head = heads_[static_cast<size_t>(k - 1)];
    const int64_t width = head.inner.in();
    std::vector<float> x(static_cast<size_t>(width));
    head.inner(h, 1, x.data());
    kernels::apply(kernels::Function::kSilu, x.data(), x.data(), width);
    for (int64_t i = 0; i < width; ++i) x[static_cast<size_t>(i)] += h[i];
    head.out(x.data(), 1, out);
  }

 private:
  std::vector<Head> heads_;
};

class Medusa : public DraftHeads {
 public:
  using Options = DraftHeadOptions;
  static Facts facts(const Options& options) { return options.facts; }

  Medusa(const Options& options, const DraftHeadShape& shape, const Scope& scope) {
    for (int64_t k = 1; k <= options.facts.count; ++k) {
      const Scope place = scope / fmt::format("{}", k);
      heads_.push_back({place.parameter("inner/weight", {shape.width, shape.width}, "out,in", ParameterKind::kWeight,
                                        initialise::zeros()),
                        Linear(place / "out", shape.width, shape.out)});
    }
  }

  std::vector<Variable> operator()(Pass& pass, const Variable& h, const Tensor&) const override {
    std::vector<Variable> all;
    for (size_t k = 0; k < heads_.size(); ++k) {
      const Variable x = ops::slice(h, 1, 0, h.dim(1) - static_cast<int64_t>(k) - 1);
      const Variable inner = ops::activation(kernels::Function::kSilu, ops::linear(x, pass(heads_[k].inner)));
      all.push_back(heads_[k].out(pass, ops::add(x, inner)));
    }
    return all;
  }

  std::unique_ptr<DraftHeadSteps> steps() const override {
    std::vector<MedusaSteps::Head> packed;
    for (const Head& head : heads_) packed.push_back({{head.inner.value(), {}}, head.out.packed()});
    return std::make_unique<MedusaSteps>(std::move(packed));
  }

  Layout layout() const override {
    Layout layout;
    layout.line("head k says of step t + k, from h of step t (for drafts alone, no part of p):");
    layout.line("  l_k = (h + silu(h @ heads/k/inner/weight')) @ heads/k/out/weight' + heads/k/out/bias");
    return layout.tensor("*/inner/weight", "a linear map, no bias")
        .tensor("*/out/weight", "from the channels to l_k")
        .tensor("*/out/bias", "of l_k");
  }

 private:
  struct Head {
    Parameter inner;
    Linear out;
  };
  std::vector<Head> heads_;
};

[[maybe_unused]] const bool registered =
    register_draft_heads<Medusa>("medusa", "independent heads, each for one place further on (Cai et al. 2024)");

}  // namespace
}  // namespace mlrun
