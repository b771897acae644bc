#include "models/sequence/dense_mlp.hpp"

#include <fmt/format.h>

#include "kernels/vector/elementwise.hpp"
#include "ops/activation.hpp"
#include "ops/elementwise.hpp"
#include "ops/shape.hpp"

namespace mlrun {
namespace {

using kernels::Function;

Function function_of(MlpKind kind) {
  switch (kind) {
    case MlpKind::kSwiglu:
      return Function::kSilu;
    case MlpKind::kRelu2:
      return Function::kSquaredRelu;
    default:
      return Function::kGelu;
  }
}

class DenseStepper : public MlpStepper {
 public:
  DenseStepper(const DenseMlp& mlp, const DenseMlp::Packed& packed) : mlp_(mlp), packed_(packed) {}
  Tensor extend(const Tensor& x) override { return mlp_.rows(packed_, x); }

 private:
  const DenseMlp& mlp_;
  const DenseMlp::Packed& packed_;
};

class DenseSteps : public MlpSteps {
 public:
  explicit DenseSteps(const DenseMlp& mlp) : mlp_(mlp), packed_(mlp.packed()) {}
  std::unique_ptr<MlpStepper> begin(int64_t) const override { return std::make_unique<DenseStepper>(mlp_, packed_); }

 private:
  const DenseMlp& mlp_;
  DenseMlp::Packed packed_;
};

}  // namespace

DenseMlp::DenseMlp(MlpKind kind, int64_t width, int64_t hidden, const Scope& scope)
    : kind_(kind),
      width_(width),
      hidden_(hidden),
      up_(scope / "up", width, gated() ? 2 * hidden : hidden),
      down_(scope / "down", hidden, width) {}

Variable DenseMlp::activated(const Variable& h) const {
  if (!gated()) return ops::activation(function_of(kind_), h);
  const Variable gate = ops::activation(function_of(kind_), ops::slice(h, -1, 0, hidden_));
  return ops::mul(gate, ops::slice(h, -1, hidden_, 2 * hidden_));
}

Variable DenseMlp::operator()(Pass& pass, const Variable& x) const { return down_(pass, activated(up_(pass, x))); }

Variable DenseMlp::of_rows(Pass& pass, const Variable& x) const {
  return down_.of_rows(pass, activated(up_.of_rows(pass, x)));
}

std::unique_ptr<MlpSteps> DenseMlp::steps() const { return std::make_unique<DenseSteps>(*this); }

int64_t DenseMlp::parameters() const {
  const int64_t up = gated() ? 2 * hidden_ : hidden_;
  return up * (width_ + 1) + width_ * (hidden_ + 1);
}

Tensor DenseMlp::rows(const Packed& packed, const Tensor& x) const {
  const int64_t count = x.dim(0);
  Tensor h({count, packed.up.out()}), y({count, width_});
  float* p = h.data<float>();
  packed.up(x.data<float>(), count, p);
  if (!gated()) {
    kernels::apply(function_of(kind_), p, p, h.count());
  } else {
    Tensor gate({hidden_});
    for (int64_t i = 0; i < count; ++i) {  // in place: row i of the products ends before row i of the pairs begins
      const float* pair = p + i * 2 * hidden_;
      kernels::apply(function_of(kind_), pair, gate.data<float>(), hidden_);
      for (int64_t k = 0; k < hidden_; ++k) p[i * hidden_ + k] = gate.data<float>()[k] * pair[hidden_ + k];
    }
  }
  packed.down(p, count, y.data<float>());
  return y;
}

std::string DenseMlp::formula(const std::string& place) const {
  const std::string up = fmt::format("x @ {0}/up/weight' + {0}/up/bias", place),
                    down = fmt::format("@ {0}/down/weight' + {0}/down/bias", place);
  switch (kind_) {
    case MlpKind::kSwiglu:
      return fmt::format("(a * sigma(a) * b) {}, (a, b) = {}, halves", down, up);
    case MlpKind::kGeglu:
      return fmt::format("(gelu(a) * b) {}, (a, b) = {}, halves", down, up);
    case MlpKind::kRelu2:
      return fmt::format("max({}, 0)^2 {}", up, down);
    default:
      return fmt::format("gelu({}) {}", up, down);
  }
}

Layout DenseMlp::layout() const {
  Layout layout;
  layout.line("m = " + formula("mlp"));
  for (const char* name : {"up", "down"})
    layout.tensor(fmt::format("{}/weight", name), "a linear map")
        .tensor(fmt::format("{}/bias", name), "of each channel");
  return layout;
}

}  // namespace mlrun
