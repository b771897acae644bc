#include "mixers/gated_unit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/vector/elementwise.hpp"
#include "nn/initialisers.hpp"
#include "ops/activation.hpp"
#include "ops/elementwise.hpp"
#include "ops/linear.hpp"

namespace mlrun {

GatedUnitOptions::GatedUnitOptions(config::Reader& reader)
    : size(reader.integer(
          "size",
          {.help = "numbers of a query and of a key, which share them", .min = 1, .max = 4096, .fallback = 64})),
      expand(reader.integer(
          "expand",
          {.help = "channels of values and gates for each of the stream", .min = 1, .max = 64, .fallback = 2})),
      rope(reader.boolean("rope", {.help = "whether queries and keys are turned by their position, so that what a "
                                           "position takes from another depends on their distance",
                                   .fallback = true})) {}

// z's mean square is about 0.1 at first (silu of a unit input), so that these gains make a position's score with itself,
// q . k / sqrt(size), about 1: squared scores that begin much smaller would be nothing.
ScaledRows::ScaledRows(const Scope& scope, const std::string& name, int64_t size)
    : gain_(scope.parameter(
          name + "/gain", {size}, "size", ParameterKind::kNorm,
          initialise::constant(static_cast<float>(std::sqrt(10 / std::sqrt(static_cast<double>(size))))))),
      offset_(scope.parameter(name + "/offset", {size}, "size", ParameterKind::kNorm, initialise::constant(0.0f))) {}

Variable ScaledRows::operator()(Pass& pass, const Variable& z) const {
  return ops::add(ops::mul(z, pass(gain_)), pass(offset_));
}

void ScaledRows::rows(const Tensor& z, Tensor& y) const {
  const int64_t size = gain_.value().count();
  const float *gain = gain_.value().data<float>(), *offset = offset_.value().data<float>(), *from = z.data<float>();
  float* to = y.data<float>();
  for (int64_t i = 0; i < z.count(); ++i) to[i] = gain[i % size] * from[i] + offset[i % size];
}

GatedRows::GatedRows(const PackedGatedUnit& packed, int64_t count)
    : u({count, packed.u.out()}), v({count, packed.v.out()}), z({count, packed.z.out()}) {}

void GatedRows::fill(const PackedGatedUnit& packed, const float* x, int64_t rows) {
  const auto activated = [&](const PackedLinear& map, Tensor& to) {
    fit_rows(to, rows);
    map(x, rows, to.data<float>());
    kernels::apply(kernels::Function::kSilu, to.data<float>(), to.data<float>(), to.count());
  };
  activated(packed.u, u);
  activated(packed.v, v);
  activated(packed.z, z);
}

GatedUnit::GatedUnit(const GatedUnitOptions& options, const MixerShape& shape, const Scope& scope)
    : inner_(options.expand * shape.width),
      u_(scope / "u", shape.in, inner_),
      v_(scope / "v", shape.in, inner_),
      z_(scope / "z", shape.in, options.size),
      out_(scope / "out", inner_, shape.width) {}

Variable GatedUnit::values(Pass& pass, const Variable& x) const { return ops::silu(v_(pass, x)); }
Variable GatedUnit::shared(Pass& pass, const Variable& x) const { return ops::silu(z_(pass, x)); }
Variable GatedUnit::result(Pass& pass, const Variable& x, const Variable& seen) const {
  return out_(pass, ops::mul(ops::silu(u_(pass, x)), seen));
}

namespace {

// [length, length]: row t has 1 / (t + 1) up to column t, and 0 behind it.
Tensor mean_of_the_past(int64_t length) {
  Tensor mask = Tensor::zeros({length, length});
  for (int64_t t = 0; t < length; ++t)
    std::fill_n(mask.data<float>() + t * length, t + 1, 1 / static_cast<float>(t + 1));
  return mask;
}

}  // namespace

Variable squared_relu_attention(const Variable& q, const Variable& k, const Variable& v, float scale) {
  const Variable scores = ops::matmul(ops::scale(q, scale), k, ops::Transpose::kNo, ops::Transpose::kYes);
  const Variable squares = ops::activation(kernels::Function::kSquaredRelu, scores);
  return ops::matmul(ops::mul(squares, Variable(mean_of_the_past(q.dim(1)))), v);
}

Layout GatedUnit::layout(const std::vector<std::string>& kinds, bool rope) const {
  Layout layout;
  layout.line(
      "g = silu(u @ u/weight' + u/bias), v = silu(u @ v/weight' + v/bias), z = silu(u @ z/weight' + z/bias); "
      "silu(x) = x sigma(x)");
  for (const std::string& kind : kinds)
    layout.line(fmt::format("{0} = z * {0}/gain + {0}/offset{1}", kind,
                            rope ? "; its pair i is turned by t 10000^(-i / pairs)" : ""));
  for (const char* name : {"u", "v", "z", "out"})
    layout.tensor(fmt::format("{}/weight", name), "a linear map")
        .tensor(fmt::format("{}/bias", name), "of each channel");
  for (const std::string& kind : kinds)
    layout.tensor(kind + "/gain", "of each number of z").tensor(kind + "/offset", "of each number of z");
  return layout;
}

}  // namespace mlrun
