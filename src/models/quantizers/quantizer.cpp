#include "models/quantizers/quantizer.hpp"

#include "base/error.hpp"
#include "nn/initialisers.hpp"
#include "ops/linear.hpp"

namespace mlrun {
namespace {

class Linear {
 public:
  Linear(const Scope& scope, int64_t in, int64_t out)
      : weight_(scope.parameter("weight", {out, in}, "out,in", ParameterKind::kWeight, initialise::lecun_uniform(in))),
        bias_(scope.parameter("bias", {out}, "out", ParameterKind::kBias, initialise::zeros())) {}
  Variable operator()(Pass& pass, const Variable& x) const { return ops::linear(x, pass(weight_), pass(bias_)); }

 private:
  Parameter weight_, bias_;
};

class ProjectedQuantizer : public Quantizer {
 public:
  ProjectedQuantizer(std::unique_ptr<Quantizer> inside, int64_t dimension, const Scope& scope)
      : inside_(std::move(inside)),
        dimension_(dimension),
        in_(scope / "project_in", dimension, inside_->dimension()),
        out_(scope / "project_out", inside_->dimension(), dimension) {}

  int64_t dimension() const override { return dimension_; }
  int64_t alphabet() const override { return inside_->alphabet(); }
  int64_t symbols() const override { return inside_->symbols(); }
  Quantized quantize(Pass& pass, const Variable& z) const override {
    Quantized q = inside_->quantize(pass, in_(pass, z));
    q.vectors = out_(pass, q.vectors);
    return q;
  }
  Tensor vectors(Pass& pass, const Tensor& codes) const override {
    return out_(pass, inside_->vectors(pass, codes)).value();
  }
  bool has_law() const override { return inside_->has_law(); }
  Variable log_odds(Pass& pass, const Variable& z) const override { return inside_->log_odds(pass, in_(pass, z)); }
  Variable mixed(Pass& pass, const Variable& weights) const override {
    return out_(pass, inside_->mixed(pass, weights));
  }
  void assigned(Pass& pass, const Tensor& z, const Tensor& codes) const override {
    inside_->assigned(pass, in_(pass, z).value(), codes);
  }
  void initialise_from(Pass& pass, const Tensor& z, const RandomStream& noise) override {
    inside_->initialise_from(pass, in_(pass, z).value(), noise);
  }
  void after_step(const std::vector<Statistics>& lanes) override { inside_->after_step(lanes); }
  int64_t restarted() const override { return inside_->restarted(); }
  Layout layout() const override {
    Layout layout;
    layout.line("z = z @ project_in/weight' + project_in/bias");
    layout.part("", inside_->layout()).line("q = q @ project_out/weight' + project_out/bias");
    for (const char* name : {"project_in", "project_out"}) {
      layout.tensor(std::string(name) + "/weight", "a linear map")
          .tensor(std::string(name) + "/bias", "of each number");
    }
    return layout;
  }

 private:
  std::unique_ptr<Quantizer> inside_;
  int64_t dimension_;
  Linear in_, out_;
};

}  // namespace

Variable Quantizer::log_odds(Pass&, const Variable&) const {
  fail(ExitCode::kInternal, "a quantizer without a law of codes was asked for it");
}
Variable Quantizer::mixed(Pass&, const Variable&) const {
  fail(ExitCode::kInternal, "a quantizer without a law of codes was asked to mix them");
}
void Quantizer::assigned(Pass&, const Tensor&, const Tensor&) const {}
void Quantizer::initialise_from(Pass&, const Tensor&, const RandomStream&) {}
void Quantizer::after_step(const std::vector<Statistics>&) {}

QuantizerRegistry& quantizer_kinds() {
  static QuantizerRegistry registry;
  return registry;
}

std::unique_ptr<Quantizer> make_quantizer(const QuantizerRegistry::Choice& choice, int64_t dimension,
                                          const Scope& scope) {
  std::unique_ptr<Quantizer> quantizer = choice.build(dimension, scope);
  if (quantizer->dimension() == dimension) return quantizer;
  return std::make_unique<ProjectedQuantizer>(std::move(quantizer), dimension, scope);
}

}  // namespace mlrun
