#include "models/sequence/absolute_positions.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "base/error.hpp"
#include "nn/initialisers.hpp"
#include "nn/sinusoids.hpp"
#include "ops/elementwise.hpp"
#include "ops/embedding.hpp"
#include "ops/shape.hpp"

namespace mlrun {

AbsolutePositions::AbsolutePositions(SequencePositions kind, int64_t width, const DataSpec& data,
                                     std::vector<GridPlace> places, std::optional<StreamParts> parts,
                                     const Scope& scope)
    : kind_(kind), width_(width), places_(std::move(places)), parts_(std::move(parts)) {
  const auto table = [&](const std::string& name, int64_t count, const std::string& axes) {
    return scope.parameter(name, {count, width}, axes, ParameterKind::kEmbedding,
                           initialise::normal(1 / std::sqrt(static_cast<double>(width))));
  };
  if (kind == SequencePositions::kLearned) table_ = table("positions", data.positions(), "position,width");
  if (kind != SequencePositions::kRowsAndColumns) return;
  if (places_.empty()) {
    fail(ExitCode::kUsage,
         "model.positions rows_and_columns are those of pixels, and these sequences are no images\n"
         "  with   model.positions=true (a learned vector for each position)");
  }
  rows_ = table("rows", data.shape[0], "row,width");
  columns_ = table("columns", data.shape[1], "column,width");
}

bool AbsolutePositions::any_length() const {
  return kind_ == SequencePositions::kNone || (kind_ == SequencePositions::kSinusoidal && !parts_);
}

Variable AbsolutePositions::by_place(Pass& pass, const Tensor& inputs) const {
  const int64_t n = inputs.dim(0), length = inputs.dim(1);
  Tensor places({n, length}, DType::kS32);
  for (int64_t i = 0; i < n; ++i) {
    const int32_t* symbols = inputs.data<int32_t>() + i * length;
    const bool first = length > 1 && picture_first(symbols[1]);
    for (int64_t t = 0; t < length; ++t)
      places.data<int32_t>()[i * length + t] = static_cast<int32_t>(parts_->place(t, first));
  }
  return ops::embedding(
      kind_ == SequencePositions::kSinusoidal ? Variable(sinusoids(parts_->positions(), width_)) : pass(table_),
      places);
}

Variable AbsolutePositions::operator()(Pass& pass, const Tensor& inputs) const {
  if (parts_) return by_place(pass, inputs);
  const int64_t length = inputs.dim(1);
  if (kind_ == SequencePositions::kSinusoidal) return sinusoids(length, width_);
  if (kind_ == SequencePositions::kLearned) {
    require(length <= table_.value().dim(0), "{} positions of {}", length, table_.value().dim(0));
    return ops::slice(pass(table_), 0, 0, length);
  }
  require(length <= static_cast<int64_t>(places_.size()), "{} positions of {}", length, places_.size());
  Tensor row({length}, DType::kS32), column({length}, DType::kS32);
  for (int64_t t = 0; t < length; ++t) {
    row.data<int32_t>()[t] = static_cast<int32_t>(places_[static_cast<size_t>(t)].row);
    column.data<int32_t>()[t] = static_cast<int32_t>(places_[static_cast<size_t>(t)].column);
  }
  return ops::add(ops::embedding(pass(rows_), row), ops::embedding(pass(columns_), column));
}

void AbsolutePositions::add(int64_t position, bool picture_first, float* to) const {
  const auto add_row = [&](const float* row) {
    for (int64_t k = 0; k < width_; ++k) to[k] += row[k];
  };
  if (kind_ == SequencePositions::kNone) return;
  if (parts_) position = parts_->place(position, picture_first);
  if (kind_ == SequencePositions::kLearned) return add_row(table_.value().data<float>() + position * width_);
  if (kind_ == SequencePositions::kSinusoidal) {
    std::vector<float> wave(static_cast<size_t>(width_));
    sinusoid(position, width_, wave.data());
    return add_row(wave.data());
  }
  const GridPlace& at = places_[static_cast<size_t>(position)];
  add_row(rows_.value().data<float>() + at.row * width_);
  add_row(columns_.value().data<float>() + at.column * width_);
}

void AbsolutePositions::write_layout(Layout& layout, std::string& sum) const {
  const bool by_place = parts_ && any();
  const char* position = by_place ? "place[t]" : "t";
  if (by_place) {
    layout.line(
        fmt::format("place[t] = t; but where s[0] is {}, a picture first, and t > 0: t + {} up to t = {}, {} at "
                    "t = {}, and t - {} from there on",
                    parts_->picture_border, parts_->words + 1, parts_->picture, parts_->words + 1, parts_->picture + 1,
                    parts_->picture + 1));
  }
  if (kind_ == SequencePositions::kLearned) sum += fmt::format(" + positions[{}]", position);
  if (kind_ == SequencePositions::kSinusoidal)
    sum += fmt::format(" + sinusoid({}) (Vaswani et al. 2017, section 3.5)", position);
  if (kind_ == SequencePositions::kRowsAndColumns) sum += " + rows[row of the step's position] + columns[its column]";
}

}  // namespace mlrun
