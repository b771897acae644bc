#include "optim/updater.hpp"

#include <algorithm>
#include <cmath>

#include "base/memory.hpp"

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

Updater::Updater(ParameterArena& parameters, std::unique_ptr<Optimizer> optimizer, const UpdateOptions& options,
                 Ranks& ranks)
    : parameters_(parameters), optimizer_(std::move(optimizer)), options_(options), ranks_(ranks) {
  for (size_t i = 0; i < parameters.parameters().size(); ++i) {
    const ParameterInfo& info = parameters.parameters()[i];
    int64_t numbers = kPiece;  // a parameter begins a piece
    for (const Range& run : runs_of(info)) {
      const auto index = static_cast<int64_t>(runs_.size());
      if (numbers >= kPiece) {
        piece_runs_.push_back({index, index});
        pieces_.push_back({decays(info.kind), info.lr, i});
        numbers = 0;
      }
      runs_.push_back(run);
      piece_runs_.back().end = index + 1;
      numbers += run.size();
    }
  }
  for (const std::string& name : optimizer_->slots()) slots_.emplace_back(name, parameters.like());
  matrices_ = optimizer_->make_matrices(parameters);
  share_out();
  if (options.average_decay == 0) return;
  average_ = {parameters.like(), {}};
  for (const StateInfo& state : parameters.states())
    average_->states.push_back(state.kind == StateKind::kEvaluated ? Tensor::zeros(state.value.shape()) : Tensor());
}

// About as many numbers to each rank; where a rule sees whole parameters, a parameter is one rank's.
void Updater::share_out() {
  int64_t total = 0;
  std::vector<int64_t> before;  // numbers before each piece
  for (const Range& piece : piece_runs_) {
    before.push_back(total);
    for (int64_t r = piece.begin; r < piece.end; ++r) total += runs_[static_cast<size_t>(r)].size();
  }
  const auto count = static_cast<int64_t>(pieces_.size());
  int64_t begin = 0;
  for (int rank = 0; rank < ranks_.size(); ++rank) {
    const int64_t end_of_share = slice(total, ranks_.size(), rank).end;
    int64_t end = begin;
    const auto cuts_parameter = [&](int64_t piece) {
      return optimizer_->preconditions() && piece > 0 && piece < count &&
             pieces_[static_cast<size_t>(piece)].parameter == pieces_[static_cast<size_t>(piece - 1)].parameter;
    };
    while (end < count && (before[static_cast<size_t>(end)] < end_of_share || cuts_parameter(end))) ++end;
    if (rank == ranks_.size() - 1) end = count;
    shares_.push_back({begin, end});
    const Range runs = begin == end ? Range{}
                                    : Range{piece_runs_[static_cast<size_t>(begin)].begin,
                                            piece_runs_[static_cast<size_t>(end - 1)].end};
    numbers_.push_back(runs.size() == 0 ? Range{}
                                        : Range{runs_[static_cast<size_t>(runs.begin)].begin,
                                                runs_[static_cast<size_t>(runs.end - 1)].end});
    begin = end;
  }
}

int Updater::owner_of(size_t parameter) const {
  for (int rank = 0; rank < ranks_.size(); ++rank) {
    const Range& share = shares_[static_cast<size_t>(rank)];
    for (int64_t piece = share.begin; piece < share.end; ++piece)
      if (pieces_[static_cast<size_t>(piece)].parameter == parameter) return rank;
  }
  return 0;  // of nothing that is trained
}

void Updater::fold_block(std::vector<Tensor>& arenas, size_t first, size_t count, LanePool& pool) const {
  std::vector<float*> block;
  for (size_t i = first; i < first + count; ++i) block.push_back(arenas[i].data<float>());
  std::vector<double> squares(runs_.size());
  pool.run(static_cast<int64_t>(piece_runs_.size()), [&](int64_t i) {
    const Range& piece = piece_runs_[static_cast<size_t>(i)];
    const auto begin = static_cast<size_t>(piece.begin), runs = static_cast<size_t>(piece.size());
    kernels::fold_gradients(block, std::span(runs_).subspan(begin, runs), squares.data() + begin);
  });
}

Updater::Outcome Updater::apply(const std::vector<Tensor>& lanes, int64_t step, double lr_factor, LanePool& pool,
                                Reducer& reducer) {
  std::vector<float*> gradients, slots;
  for (Tensor lane : lanes) gradients.push_back(lane.defined() ? lane.data<float>() : nullptr);
  for (auto& [name, arena] : slots_) slots.push_back(arena.data<float>());
  std::vector<double> squares(runs_.size());
  reducer.fold(gradients, {runs_, piece_runs_, shares_}, squares, pool);
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
  pool.run(own_share().size(), [&](int64_t i) {
    const auto index = static_cast<size_t>(own_share().begin + i);
    const Piece& piece = pieces_[index];
    const Range& runs = piece_runs_[index];
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
  const Tensor& weights = parameters_.flat();
  all_gather(ranks_, parameters_.flat().data<float>(), static_cast<size_t>(weights.count()), numbers_);
  return outcome;
}

void Updater::precondition(const UpdateStep& step, const Tensor& gradients, LanePool& pool) {
  pool.run(static_cast<int64_t>(parameters_.parameters().size()), [&](int64_t i) {
    const auto index = static_cast<size_t>(i);
    if (ranks_.several() && owner_of(index) != ranks_.rank()) return;
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
  const size_t none = parameters_.parameters().size();
  size_t found = none;
  const float* g = gradients.data<float>();
  for (int64_t piece = own_share().begin; piece < own_share().end && found == none; ++piece) {
    const Range& of_piece = piece_runs_[static_cast<size_t>(piece)];
    for (int64_t r = of_piece.begin; r < of_piece.end; ++r) {
      const Range& run = runs_[static_cast<size_t>(r)];
      if (!std::all_of(g + run.begin, g + run.end, [](float v) { return std::isfinite(v); }))
        found = pieces_[static_cast<size_t>(piece)].parameter;
    }
  }
  const std::vector<size_t> all = of_all(ranks_, found);
  const size_t first = *std::min_element(all.begin(), all.end());
  return first == none ? "" : parameters_.parameters()[first].path;
}

// The arenas keep their layout, and pages that hold nothing take no memory. The average is read as a whole by all.
void Updater::forget_other_shares() {
  if (!ranks_.several()) return;
  const Range& own = numbers_[static_cast<size_t>(ranks_.rank())];
  for (auto& [name, arena] : slots_) {
    float* const begin = arena.data<float>();
    release_pages(begin, static_cast<size_t>(own.begin) * sizeof(float));
    release_pages(begin + own.end, static_cast<size_t>(arena.count() - own.end) * sizeof(float));
  }
  for (Optimizer::Matrix& matrix : matrices_) {
    if (owner_of(matrix.parameter) != ranks_.rank())
      release_pages(matrix.value.data<float>(), static_cast<size_t>(matrix.value.bytes()));
  }
}

void Updater::share_average() {
  if (!average_) return;
  all_gather(ranks_, average_->weights.data<float>(), static_cast<size_t>(average_->weights.count()), numbers_);
}

void Updater::collect_state() {
  if (!ranks_.several()) return;
  for (auto& [name, arena] : slots_) gather(ranks_, arena.data<float>(), static_cast<size_t>(arena.count()), numbers_);
  for (Optimizer::Matrix& matrix : matrices_) {
    std::vector<Range> parts(static_cast<size_t>(ranks_.size()));
    parts[static_cast<size_t>(owner_of(matrix.parameter))] = {0, matrix.value.count()};
    gather(ranks_, matrix.value.data<float>(), static_cast<size_t>(matrix.value.count()), parts);
  }
  if (average_)
    gather(ranks_, average_->weights.data<float>(), static_cast<size_t>(average_->weights.count()), numbers_);
}

void Updater::share_beginning() {
  if (!ranks_.several()) return;
  const auto share = [&](Tensor tensor) {
    broadcast(ranks_, tensor.data<float>(), static_cast<size_t>(tensor.count()));
  };
  share(parameters_.flat());
  for (const StateInfo& state : parameters_.states()) share(state.value);
  for (auto& [name, arena] : slots_) share(arena);
  for (Optimizer::Matrix& matrix : matrices_) share(matrix.value);
  forget_other_shares();
  if (!average_) return;
  share(average_->weights);
  for (const Tensor& state : average_->states)
    if (state.defined()) share(state);
}

}  // namespace mlrun
