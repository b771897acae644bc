#include "optim/updater.hpp"

#include <algorithm>
#include <cmath>

namespace mlrun {
namespace {

// A run is a unit of the norm's sum, and a piece, of about so many numbers, one of work.
constexpr int64_t kLongestRun = 1 << 14, kPiece = 1 << 16;
// Runs with less than this between them are one: the zeros in between are cheaper than a new start.
constexpr int64_t kGap = 32;

std::vector<Range> runs_of(const ParameterInfo& info) {
  std::vector<Range> joined, runs;
  for (const Range& r : info.trained.empty() ? std::vector<Range>{{0, info.count()}} : info.trained) {
    if (r.size() == 0) continue;
    if (!joined.empty() && r.begin - joined.back().end < kGap) joined.back().end = r.end;
    else joined.push_back(r);
  }
  for (const Range& r : joined) {
    for (int64_t begin = r.begin; begin < r.end; begin += kLongestRun) {
      runs.push_back({info.offset + begin, info.offset + std::min(r.end, begin + kLongestRun)});
    }
  }
  return runs;
}

bool decays(ParameterKind kind) { return kind == ParameterKind::kWeight || kind == ParameterKind::kEmbedding; }

}  // namespace

Updater::Updater(ParameterArena& parameters, std::unique_ptr<Optimizer> optimizer, const UpdateOptions& options)
    : parameters_(parameters), optimizer_(std::move(optimizer)), options_(options) {
  for (const ParameterInfo& info : parameters.parameters()) {
    int64_t numbers = kPiece;  // a parameter begins a piece
    for (const Range& run : runs_of(info)) {
      const auto index = static_cast<int64_t>(runs_.size());
      if (numbers >= kPiece) {
        piece_runs_.push_back({index, index});
        pieces_.push_back({decays(info.kind), info.lr});
        numbers = 0;
      }
      runs_.push_back(run);
      piece_runs_.back().end = index + 1;
      numbers += run.size();
    }
  }
  for (const std::string& name : optimizer_->slots()) slots_.emplace_back(name, parameters.like());
  matrices_ = optimizer_->make_matrices(parameters);
  if (options.average_decay == 0) return;
  average_ = {parameters.like(), {}};
  for (const StateInfo& state : parameters.states())
    average_->states.push_back(state.kind == StateKind::kEvaluated ? Tensor::zeros(state.value.shape()) : Tensor());
}

Updater::Outcome Updater::apply(std::vector<Tensor>& lanes, int64_t step, double lr_factor, LanePool& pool,
                                Reducer& reducer) {
  std::vector<float*> gradients, slots;
  for (Tensor& lane : lanes) gradients.push_back(lane.data<float>());
  for (auto& [name, arena] : slots_) slots.push_back(arena.data<float>());
  std::vector<double> squares(runs_.size());
  reducer.fold(gradients, runs_, piece_runs_, squares, pool);
  Outcome outcome;
  outcome.gradient_norm = kernels::gradient_norm(squares.data(), static_cast<int64_t>(squares.size()));
  outcome.finite = std::isfinite(outcome.gradient_norm);
  if (!outcome.finite) return outcome;

  UpdateStep update{.number = step + 1, .lr = optimizer_->lr() * lr_factor, .decay = true, .scale = {}};
  if (options_.clip_norm > 0 && outcome.gradient_norm > options_.clip_norm) {
    update.scale.gradient = static_cast<float>(options_.clip_norm / outcome.gradient_norm);
  }
  update.scale.average_decay = static_cast<float>(average_decay(step));
  if (optimizer_->preconditions()) precondition(update, lanes[0], pool);
  pool.run(static_cast<int64_t>(pieces_.size()), [&](int64_t i) {
    const Piece& piece = pieces_[static_cast<size_t>(i)];
    const Range& runs = piece_runs_[static_cast<size_t>(i)];
    kernels::ParameterSlice slice;
    slice.weights = parameters_.flat().data<float>();
    slice.gradients = gradients[0];
    slice.slots = slots;
    if (average_) slice.average = average_->weights.data<float>();
    slice.runs = std::span(runs_).subspan(static_cast<size_t>(runs.begin), static_cast<size_t>(runs.size()));
    UpdateStep own = update;
    own.decay = piece.decay;
    if (piece.lr > 0) own.lr = piece.lr * lr_factor;
    optimizer_->update(own, slice);
  });
  return outcome;
}

void Updater::precondition(const UpdateStep& step, const Tensor& gradients, LanePool& pool) {
  pool.run(static_cast<int64_t>(parameters_.parameters().size()), [&](int64_t i) {
    const auto index = static_cast<size_t>(i);
    const auto window = [&](const Tensor& arena) { return parameters_.window(arena, index); };
    Tensor gradient = window(gradients);
    std::vector<Tensor> slots;
    for (const auto& [name, arena] : slots_) slots.push_back(window(arena));
    optimizer_->precondition(step, index, gradient, slots);
  });
}

// In the first steps a long average would be of the initial weights: it grows as there is more to average.
double Updater::average_decay(int64_t step) const {
  return std::min(options_.average_decay, static_cast<double>(1 + step) / static_cast<double>(10 + step));
}

void Updater::begin_average() {
  if (!average_) return;
  average_->weights.copy_from(parameters_.flat());
  for (size_t i = 0; i < average_->states.size(); ++i) {
    if (average_->states[i].defined()) average_->states[i].copy_from(parameters_.states()[i].value);
  }
}

void Updater::average_states(int64_t step) {
  if (!average_) return;
  const auto keep = static_cast<float>(average_decay(step));
  for (size_t i = 0; i < average_->states.size(); ++i) {
    Tensor& average = average_->states[i];
    if (!average.defined()) continue;
    const float* now = parameters_.states()[i].value.data<float>();
    for (int64_t j = 0; j < average.count(); ++j)
      average.data<float>()[j] = keep * average.data<float>()[j] + (1 - keep) * now[j];
  }
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
