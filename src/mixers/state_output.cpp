#include "mixers/state_output.hpp"

#include "kernels/vector/elementwise.hpp"
#include "kernels/vector/gate.hpp"
#include "ops/activation.hpp"
#include "ops/elementwise.hpp"
#include "ops/gate.hpp"

namespace mlrun {

OutputKind read_output_kind(config::Reader& reader, const std::string& fallback) {
  return reader.one_of<OutputKind>("output",
                                   {{"none", OutputKind::kNone},
                                    {"gelu", OutputKind::kGelu},
                                    {"half_glu", OutputKind::kHalfGlu},
                                    {"glu", OutputKind::kGlu}},
                                   {.help = "what the layer's result goes through; half_glu: g sigmoid(W g) with g = "
                                            "gelu(y), glu: a sigmoid(b) with (a, b) = W gelu(y)",
                                    .fallback = fallback});
}

StateOutput::StateOutput(OutputKind kind, int64_t width, const Scope& scope) : kind_(kind) {
  if (kind_ == OutputKind::kHalfGlu) gate_ = Linear(scope, width, width);
  if (kind_ == OutputKind::kGlu) gate_ = Linear(scope, width, 2 * width);
}

Variable StateOutput::operator()(Pass& pass, const Variable& y) const {
  if (kind_ == OutputKind::kNone) return y;
  const Variable g = ops::gelu(y);
  if (kind_ == OutputKind::kHalfGlu) return ops::mul(g, ops::sigmoid(gate_(pass, g)));
  return kind_ == OutputKind::kGlu ? ops::glu(gate_(pass, g)) : g;
}

Layout StateOutput::layout() const {
  Layout layout;
  if (kind_ == OutputKind::kNone) return layout;
  if (kind_ == OutputKind::kGelu) return layout.line("y = gelu(y)");
  layout.tensor("output/weight", "of the gate").tensor("output/bias", "of the gate");
  if (kind_ == OutputKind::kHalfGlu)
    return layout.line("g = gelu(y);  y = g * sigma(g @ output/weight' + output/bias)");
  return layout.line("(a, b) = gelu(y) @ output/weight' + output/bias, halves of the channels;  y = a * sigma(b)");
}

StateOutput::Packed StateOutput::packed() const {
  const bool gated = kind_ == OutputKind::kHalfGlu || kind_ == OutputKind::kGlu;
  return {kind_, gated ? gate_.packed() : PackedLinear()};
}

void StateOutput::Packed::operator()(float* y, int64_t count, int64_t width) const {
  if (kind == OutputKind::kNone) return;
  kernels::apply(kernels::Function::kGelu, y, y, count * width);
  if (kind == OutputKind::kGelu) return;
  Tensor gates({count, gate.out()});
  float* g = gates.data<float>();
  gate(y, count, g);
  if (kind == OutputKind::kGlu) return kernels::glu(g, count, width, y);
  kernels::apply(kernels::Function::kSigmoid, g, g, count * width);
  for (int64_t i = 0; i < count * width; ++i) y[i] *= g[i];
}

}  // namespace mlrun
