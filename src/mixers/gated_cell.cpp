#include "mixers/gated_cell.hpp"

#include <algorithm>

#include "nn/initialisers.hpp"

namespace mlrun {

int64_t read_hidden_units(config::Reader& reader) {
  return reader.integer(
      "hidden", {.help = "units; 0: as many as the stream has channels", .min = 0, .max = 65536, .fallback = 0});
}

GatedCell::GatedCell(int64_t hidden, int64_t gates, int64_t biases, const Initialiser& bias, const MixerShape& shape,
                     const Scope& scope)
    : units_(hidden > 0 ? hidden : shape.width), has_output_(units_ != shape.width) {
  const Initialiser uniform = initialise::lecun_uniform(units_);
  input_ = scope.parameter("input/weight", {gates * units_, shape.in}, "gates,in", ParameterKind::kWeight, uniform);
  recurrent_ =
      scope.parameter("recurrent/weight", {gates * units_, units_}, "gates,in", ParameterKind::kWeight, uniform);
  bias_ = scope.parameter("bias", {biases * units_}, "gates", ParameterKind::kBias, bias);
  if (has_output_) output_ = Linear(scope / "output", units_, shape.width);
}

Variable GatedCell::operator()(Pass& pass, const Variable& x) const {
  const Variable h = states(x, pass(input_), pass(bias_), pass(recurrent_));
  return has_output_ ? output_(pass, h) : h;
}

std::optional<PackedLinear> GatedCell::packed_output() const {
  if (!has_output_) return std::nullopt;
  return output_.packed();
}

Layout GatedCell::with_output(Layout layout) const {
  layout.line(has_output_ ? "y = h @ output/weight' + output/bias" : "y = h");
  return layout.tensor("output/weight", "from units to channels").tensor("output/bias", "of each channel");
}

CellStepper::CellStepper(const PackedCell& packed, int64_t gates, int64_t count)
    : packed_(packed),
      count_(count),
      units_(packed.recurrent.in()),
      row_(gates * units_),
      h_(Tensor::zeros({count, units_})),
      pre_({count, row_}),
      hidden_({count, units_}) {}

void CellStepper::extend(const float* x, int64_t length, float* y) {
  fit_rows(pre_, length * count_);
  if (packed_.output) fit_rows(hidden_, length * count_);
  packed_.input(x, length * count_, pre_.data<float>());
  float* to = packed_.output ? hidden_.data<float>() : y;
  for (int64_t t = 0; t < length; ++t) {
    step_over(pre_.data<float>() + t * count_ * row_);
    std::copy_n(h_.data<float>(), count_ * units_, to + t * count_ * units_);
    passed();
  }
  if (packed_.output) (*packed_.output)(to, length * count_, y);
}

}  // namespace mlrun
