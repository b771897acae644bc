#include "generate/speculative.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "base/error.hpp"

namespace mlrun {
namespace {

// Where the job leaves it open how many symbols are proposed: with those that the model goes over again, a stretch has as
// many rows as its kernels take together (kernels/conv/conv_forward.cpp), or twice as many.
constexpr int64_t kRows = 7, kLeastAhead = 2;
constexpr int64_t kMostAgain = 16;  // symbols that a stretch begins with again

// `stay`: how many proposals stayed of late, in the mean.
int64_t proposals_of(double stay, int64_t again) {
  const int64_t wanted = std::clamp(static_cast<int64_t>(2 * stay), kLeastAhead, kRows);
  if (wanted < kRows) return wanted;
  return (again <= kRows / 2 ? kRows : 2 * kRows) + 1 - std::min(again, kMostAgain / 2);
}

// A cursor and the symbols that it has seen, which goes back where they turn out not to be the sample's.
class Follower {
 public:
  Follower(Cursor& cursor, int64_t width) : cursor_(cursor), width_(width) {}

  // From here on the sample is certain as far as this place.
  void mark() {
    cursor_.mark();
    marked_ = seen_.size();
  }

  // Symbols of the sample that it has not seen, after going back as far as it has to.
  std::vector<int32_t> missing(const std::vector<int32_t>& sample) {
    const size_t both = std::min(seen_.size(), sample.size());
    if (seen_.size() > sample.size() ||
        !std::equal(seen_.begin() + static_cast<std::ptrdiff_t>(marked_), seen_.end(),
                    sample.begin() + static_cast<std::ptrdiff_t>(std::min(marked_, both)))) {
      cursor_.rewind();
      seen_.resize(marked_);
    }
    return {sample.begin() + static_cast<std::ptrdiff_t>(seen_.size()), sample.end()};
  }

  // The logits before the first of the symbols, and after each of them.
  std::vector<float> over(const std::vector<int32_t>& symbols) {
    std::vector<float> logits((symbols.size() + 1) * static_cast<size_t>(width_));
    cursor_.logits(logits.data());
    go(symbols, logits.data() + width_);
    return logits;
  }
  void go(const std::vector<int32_t>& symbols, float* out) {
    cursor_.extend(symbols.data(), static_cast<int64_t>(symbols.size()), out);
    seen_.insert(seen_.end(), symbols.begin(), symbols.end());
  }
  void logits(float* out) { cursor_.logits(out); }

 private:
  Cursor& cursor_;
  int64_t width_;
  std::vector<int32_t> seen_;
  size_t marked_ = 0;
};

// The uniforms of one step.
double uniform(const RandomStream& stream, int64_t t, int64_t which) {
  return (static_cast<double>(stream.block(static_cast<uint64_t>(t))[static_cast<size_t>(which)]) + 0.5) * 0x1p-32;
}

int32_t pick(const std::vector<double>& weights, double u) {
  double left = u * std::accumulate(weights.begin(), weights.end(), 0.0);
  int32_t last = 0;
  for (size_t k = 0; k < weights.size(); ++k) {
    if (weights[k] <= 0) continue;
    last = static_cast<int32_t>(k);
    left -= weights[k];
    if (left < 0) break;
  }
  return last;
}

// What one step has of a draft and a model.
class StepRule {
 public:
  explicit StepRule(const SpeculativeJob& job) : job_(job), of_steps_(job.uniforms) { of_steps_.skip(known()); }

  int32_t proposed(int64_t t, const float* draft_logits) {
    while (static_cast<int64_t>(steps_.size()) <= t - known()) steps_.push_back(of_steps_.next());
    if (job_.alphabet == 2) return draw_symbol(draft_logits, 2, step(t), job_.law);
    q_.push_back(probabilities(draft_logits, job_.alphabet, job_.law));
    return pick(q_.back(), uniform(job_.draft_uniforms, t, 0));
  }

  // `j`: the number of the proposal since forget().
  int32_t decided(int64_t t, int32_t proposal, size_t j, const float* logits) const {
    if (job_.alphabet == 2) return draw_symbol(logits, 2, step(t), job_.law);
    const std::vector<double> p = probabilities(logits, job_.alphabet, job_.law), &q = q_[j];
    const auto x = static_cast<size_t>(proposal);
    if (uniform(job_.draft_uniforms, t, 1) * q[x] < p[x]) return proposal;
    std::vector<double> rest(p.size());
    for (size_t k = 0; k < p.size(); ++k) rest[k] = std::max(0.0, p[k] - q[k]);
    return pick(rest, uniform(job_.draft_uniforms, t, 2));
  }
  void forget() { q_.clear(); }

 private:
  int64_t known() const { return static_cast<int64_t>(job_.known.size()); }
  double step(int64_t t) const { return steps_[static_cast<size_t>(t - known())]; }
  const SpeculativeJob& job_;
  Uniforms of_steps_;
  std::vector<double> steps_;           // from the first unknown one on
  std::vector<std::vector<double>> q_;  // of the proposals
};

}  // namespace

void SpeculationCounts::add(const SpeculationCounts& other) {
  stretches += other.stretches;
  symbols += other.symbols;
  kept += other.kept;
}

std::vector<int64_t> components_of_draft(const AutoregressiveModel& model, const AutoregressiveModel& draft,
                                         int64_t length) {
  const DataSpec &ours = model.data(), &theirs = draft.data();
  constexpr const char* kRemedy = "\n  a draft of the same symbols   is trained on the data of this run";
  if (ours.alphabet != theirs.alphabet) {
    fail(ExitCode::kUsage, "--draft: it is of {} symbols, and this run is of {}{}", theirs.alphabet, ours.alphabet,
         kRemedy);
  }
  if (ours.given != theirs.given) {
    fail(ExitCode::kUsage, "--draft: {} of its symbols are a question, and of this run's {}{}", theirs.given,
         ours.given, kRemedy);
  }
  const bool longer = draft.any_length() && !theirs.is_image() && !ours.is_image();
  if (length > theirs.positions() ? !longer : ours.is_image() && ours.shape != theirs.shape) {
    fail(ExitCode::kUsage, "--draft: it knows sequences of {} symbols, and these samples have {}{}", theirs.positions(),
         length, kRemedy);
  }
  if (draft.conditional() && (!model.conditional() || model.classes() != draft.classes())) {
    fail(ExitCode::kUsage,
         "--draft: it draws given one of {} classes, and this run {}\n  a draft without classes   is trained with "
         "model.condition=none",
         draft.classes(), model.conditional() ? fmt::format("has {}", model.classes()) : "knows none");
  }
  std::vector<int64_t> found;
  for (int64_t c = 0; c < model.components(); ++c) {
    // Beyond the shorter of both orders, positions follow one another.
    const std::vector<int64_t>& order = model.order(c);
    const auto same = [&](int64_t of_draft) {
      const std::vector<int64_t>& other = draft.order(of_draft);
      return std::equal(order.begin(),
                        order.begin() + static_cast<std::ptrdiff_t>(std::min(order.size(), other.size())),
                        other.begin());
    };
    int64_t of_draft = 0;
    while (of_draft < draft.components() && !same(of_draft)) ++of_draft;
    if (of_draft == draft.components()) {
      fail(ExitCode::kUsage,
           "--draft: it visits the positions in another order than this run\n  a draft in the same order   is trained "
           "with this run's model.order, and seed where that is random");
    }
    found.push_back(of_draft);
  }
  return found;
}

SpeculationCounts draw_speculatively(Cursor& model_cursor, Cursor& draft_cursor, const SpeculativeJob& job,
                                     const std::function<bool(int64_t t, int32_t symbol)>& put) {
  const int64_t width = logits_per_step(job.alphabet);
  Follower model(model_cursor, width), draft(draft_cursor, width);
  for (Follower* each : {&model, &draft}) {
    each->go(job.known, nullptr);
    each->mark();
  }
  StepRule rule(job);
  SpeculationCounts counts;
  std::vector<int32_t> sample = job.known;
  double stay = kRows;
  for (bool ended = false; !ended && static_cast<int64_t>(sample.size()) < job.length;) {
    const auto t = static_cast<int64_t>(sample.size());
    std::vector<int32_t> stretch = model.missing(sample);
    if (static_cast<int64_t>(stretch.size()) > kMostAgain) {  // so that it need not come back this far once more
      model.go({stretch.begin(), stretch.end() - 1}, nullptr);
      stretch.erase(stretch.begin(), stretch.end() - 1);
    }
    const auto again = static_cast<int64_t>(stretch.size());
    const int64_t proposals = std::min(job.ahead > 0 ? job.ahead : proposals_of(stay, again), job.length - t);
    draft.go(draft.missing(sample), nullptr);
    draft.mark();
    rule.forget();
    std::vector<int32_t> proposed;
    std::vector<float> q(static_cast<size_t>(width));
    for (int64_t j = 0; j < proposals; ++j) {
      draft.logits(q.data());
      proposed.push_back(rule.proposed(t + j, q.data()));
      if (j + 1 < proposals) draft.go({proposed.back()}, nullptr);
    }
    model.mark();
    stretch.insert(stretch.end(), proposed.begin(), proposed.end() - 1);  // nothing is asked after the last
    const std::vector<float> p = model.over(stretch);
    ++counts.stretches;
    int64_t kept = 0;
    for (int64_t j = 0; j < proposals && kept == j && !ended; ++j) {
      const auto at = static_cast<size_t>(j);
      const int32_t symbol = rule.decided(t + j, proposed[at], at, p.data() + (again + j) * width);
      kept += symbol == proposed[at] ? 1 : 0;
      ++counts.symbols;
      sample.push_back(symbol);
      ended = put(t + j, symbol);
    }
    counts.kept += kept;
    stay = 0.75 * stay + 0.25 * static_cast<double>(kept == proposals ? std::max(kRows, kept) : kept);
  }
  return counts;
}

}  // namespace mlrun
