#include "models/autoregressive/made_network.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/hidden_activation.hpp"
#include "nn/initialisers.hpp"

namespace mlrun {

Degrees degrees_of_inputs(const MadeShape& shape) {
  Degrees degrees(static_cast<size_t>(shape.classes), 0);
  for (int64_t t = 0; t < shape.positions; ++t)
    degrees.insert(degrees.end(), static_cast<size_t>(shape.width()), t + 1);
  return degrees;
}

Degrees degrees_of_outputs(const MadeShape& shape) {
  Degrees degrees;
  for (int64_t t = 0; t < shape.positions; ++t) degrees.insert(degrees.end(), static_cast<size_t>(shape.width()), t);
  return degrees;
}

std::vector<int64_t> limits_of(const Degrees& rows, const Degrees& columns) {
  std::vector<int64_t> limits;
  for (const int64_t degree : rows)
    limits.push_back(std::upper_bound(columns.begin(), columns.end(), degree) - columns.begin());
  return limits;
}

std::vector<int64_t> first_units(const Degrees& degrees, int64_t positions) {
  std::vector<int64_t> begin;
  for (int64_t t = 0; t <= positions + 1; ++t)
    begin.push_back(std::lower_bound(degrees.begin(), degrees.end(), t) - degrees.begin());
  return begin;
}

StaircaseNetwork without_layers(const MadeShape& shape) {
  StaircaseNetwork network;
  network.positions = shape.positions;
  network.alphabet = shape.alphabet;
  network.classes = shape.classes;
  network.activation = shape.activation;
  return network;
}

void record_degrees(const Scope& scope, int64_t layer, const std::vector<Degrees>& of_components) {
  std::vector<int32_t> all;
  for (const Degrees& degrees : of_components) all.insert(all.end(), degrees.begin(), degrees.end());
  const auto components = static_cast<int64_t>(of_components.size());
  (scope / fmt::format("hidden_{}", layer + 1))
      .buffer("degrees", Tensor::of({components, static_cast<int64_t>(all.size()) / components}, std::move(all)));
}

Scope scope_of_layer(const Scope& scope, const MadeShape& shape, int64_t layer) {
  return scope / (layer + 1 < shape.layers() ? fmt::format("hidden_{}", layer + 1) : "output");
}

Initialiser initialiser_of_layer(const MadeShape& shape, int64_t layer, int64_t inputs) {
  return layer + 1 < shape.layers() ? initialise::kaiming_uniform(std::max<int64_t>(1, inputs / 2))
                                    : initialise::lecun_uniform(inputs);
}

Layout layout_of_layers(const MadeShape& shape, const char* one_each) {
  const std::string symbol =
      shape.width() == 1 ? "its symbol as 0 or 1" : fmt::format("its symbol, one-hot of {}", shape.width());
  const std::string label = shape.classes > 0 ? fmt::format("the label, one-hot of {}, then ", shape.classes) : "";
  Layout layout;
  layout.line(fmt::format("h_0 = {}for each {} {}", label, one_each, symbol));
  layout.line(fmt::format("h_i = {}(hidden_i/weight @ h_{{i-1}} + hidden_i/bias), i = 1 .. {}",
                          name_of_hidden_activation(shape.activation), shape.hidden.size()));
  layout.line(fmt::format("l = output/weight @ h_{} + output/bias{}", shape.hidden.size(),
                          shape.direct ? " + direct/weight @ h_0" : ""));
  layout.tensor("order", "position of each step (component 0)")
      .tensor("order_*", "position of each step, of component *");
  layout.tensor("hidden_*/weight", "of layer *").tensor("hidden_*/bias", "of layer *");
  layout.tensor("hidden_*/degrees", "component, unit: how many steps a unit may see (the label is seen by all)");
  layout.tensor("output/weight", fmt::format("{} rows for each {}", shape.width(), one_each));
  layout.tensor("output/bias", "as the rows of output/weight");
  return layout.tensor("direct/weight", "rows as those of output/weight, columns as h_0");
}

}  // namespace mlrun
