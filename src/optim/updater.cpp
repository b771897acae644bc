#include "optim/updater.hpp"

#include <algorithm>
#include <cmath>

namespace mlrun {
namespace {

constexpr int64_t kPiece = 1 << 16;  // numbers per unit of work; the result does not depend on it

bool decays(ParameterKind kind) { return kind == ParameterKind::kWeight || kind == ParameterKind::kEmbedding; }

}  // namespace

Updater::Updater(ParameterArena& parameters, std::unique_ptr<Optimizer> optimizer, const UpdateOptions& options)
    : parameters_(parameters), optimizer_(std::move(optimizer)), options_(options) {
  for (const ParameterInfo& info : parameters.parameters()) {
    for (int64_t begin = 0; begin < info.count(); begin += kPiece) {
      const int64_t end = std::min(info.count(), begin + kPiece);
      pieces_.push_back({{info.offset + begin, info.offset + end}, decays(info.kind)});
    }
  }
  for (const std::string& name : optimizer_->slots()) slots_.emplace_back(name, parameters.like());
  if (options.average_decay > 0) average_ = parameters.like();
}

Updater::Outcome Updater::apply(std::vector<Tensor>& lanes, int64_t step, double lr_factor, LanePool& pool) {
  const int64_t count = parameters_.flat().count(), chunks = kernels::norm_chunks(count);
  std::vector<float*> gradients;
  for (Tensor& lane : lanes) gradients.push_back(lane.data<float>());
  std::vector<double> squares(static_cast<size_t>(chunks));
  const int64_t parts = std::min<int64_t>(chunks, 4 * pool.threads());
  pool.run(parts, [&](int64_t part) {
    const Range range = slice(chunks, parts, part);
    kernels::fold_gradients(gradients, count, range.begin, range.end, squares.data());
  });
  Outcome outcome;
  outcome.gradient_norm = kernels::gradient_norm(squares.data(), chunks);
  outcome.finite = std::isfinite(outcome.gradient_norm);
  if (!outcome.finite) return outcome;

  UpdateStep update{.number = step + 1, .lr = optimizer_->lr() * lr_factor, .decay = true, .scale = {}};
  if (options_.clip_norm > 0 && outcome.gradient_norm > options_.clip_norm) {
    update.scale.gradient = static_cast<float>(options_.clip_norm / outcome.gradient_norm);
  }
  // In the first steps a long average would be of the initial weights: it grows as there is more to average.
  const double early = static_cast<double>(1 + step) / static_cast<double>(10 + step);
  update.scale.average_decay = static_cast<float>(std::min(options_.average_decay, early));
  pool.run(static_cast<int64_t>(pieces_.size()), [&](int64_t i) {
    const Piece& piece = pieces_[static_cast<size_t>(i)];
    const auto at = [&](Tensor& arena) { return arena.data<float>() + piece.range.begin; };
    kernels::ParameterSlice slice;
    slice.weights = at(parameters_.flat());
    slice.gradients = gradients[0] + piece.range.begin;
    if (!slots_.empty()) slice.first = at(slots_[0].second);
    if (slots_.size() > 1) slice.second = at(slots_[1].second);
    if (average_.defined()) slice.average = at(average_);
    slice.count = piece.range.size();
    UpdateStep own = update;
    own.decay = piece.decay;
    optimizer_->update(own, slice);
  });
  return outcome;
}

std::string Updater::not_finite(const Tensor& gradients) const {
  for (size_t i = 0; i < parameters_.parameters().size(); ++i) {
    const Tensor window = parameters_.window(gradients, i);
    const float* g = window.data<float>();
    if (!std::all_of(g, g + window.count(), [](float v) { return std::isfinite(v); }))
      return parameters_.parameters()[i].path;
  }
  return "";
}

}  // namespace mlrun
