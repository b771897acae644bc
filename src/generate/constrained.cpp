#include "generate/constrained.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.hpp"
#include "base/number.hpp"
#include "base/random.hpp"

namespace mlrun {

using constraints::Next;

ConstrainedWalk::ConstrainedWalk(const constraints::Constraint& constraint, int64_t room, int64_t alphabet)
    : constraint_(&constraint), left_(room), alphabet_(alphabet), state_(constraint.start()) {
  look_ahead();
}

// What may come next; where nothing can, the sample is finished.
void ConstrainedWalk::look_ahead() {
  finished_ = left_ == 0;
  if (finished_) return;
  constraint_->next(state_, left_, next_);
  finished_ = std::find(next_.begin(), next_.end(), Next::kGoesOn) == next_.end();
  require(!finished_ || constraint_->may_end(state_), "a constraint with a dead end");
}

int32_t ConstrainedWalk::draw(const float* logits, double u, const DrawLaw& law) {
  if (finished_) return -1;
  const std::vector<double> p = probabilities(logits, alphabet_, law);
  double allowed = 0;
  for (size_t s = 0; s < p.size(); ++s) allowed += next_[s] == Next::kNever ? 0 : p[s];
  log_allowed_ += std::log(std::min(1.0, allowed));
  int32_t symbol = 0;
  if (alphabet_ == 2) {
    const bool zero = next_[0] != Next::kNever, one = next_[1] != Next::kNever;
    symbol = zero && one ? draw_symbol(logits, 2, u, law) : one ? 1 : 0;
  } else {
    std::vector<float> masked(logits, logits + alphabet_);
    for (size_t s = 0; s < masked.size(); ++s) {
      if (next_[s] == Next::kNever) masked[s] = -std::numeric_limits<float>::infinity();
    }
    symbol = draw_symbol(masked.data(), alphabet_, u, law);
  }
  if (next_[static_cast<size_t>(symbol)] == Next::kEnds) {
    finished_ = true;
    return -1;
  }
  state_ = constraint_->after(state_, symbol);
  --left_;
  look_ahead();
  return symbol;
}

ConstraintProbability probability_of(const std::vector<double>& log_allowed) {
  ConstraintProbability found;
  found.draws = static_cast<int64_t>(log_allowed.size());
  const auto n = static_cast<double>(found.draws);
  double squares = 0;
  for (const double x : log_allowed) found.mean += std::exp(x) / n;
  found.mean = std::min(found.mean, 1.0);  // but for roundings it is a probability
  for (const double x : log_allowed) squares += std::pow(std::exp(x) - found.mean, 2);
  found.error = n > 1 ? std::sqrt(squares / (n - 1) / n) : 0;
  return found;
}

ExactDraw draw_exactly(const Sampler& sampler, const SampleOptions& options, LanePool& pool) {
  constexpr double kHopeless = 1e-4;
  constexpr int64_t kPilot = 64, kMostAtOnce = 4096;
  require(options.first == 0 && !options.drawn, "exact samples of a constraint that begin anywhere, or are read along");
  if (options.law.top_k > 0 || options.law.top_p < 1) {
    fail(ExitCode::kUsage,
         "--law exact: {} cuts away symbols before the constraint can ask for them\n  step by step, of what is allowed "
         "  "
         "--law local",
         options.law.top_k > 0 ? "--top-k" : "--top-p");
  }
  if (options.labels.size() > 1) {
    fail(ExitCode::kUsage,
         "--law exact: samples of several classes, and a sample may be drawn anew\n  one class at a time   --class K");
  }
  const RandomStream stays(options.seed, "sample/stays");
  ExactDraw found;
  std::vector<double> all;  // log m of every attempt
  int64_t kept = 0;
  const auto hopeless = [&] {
    const ConstraintProbability p = probability_of(all);
    fail(ExitCode::kUsage,
         "--law exact: the model gives the constraint a probability of about {} +- {} (of {} local draws), so that one "
         "in {} samples would stay\n  step by step, another law   --law local",
         print_number(p.mean), print_number(p.error), p.draws, print_number(std::round(1 / std::max(p.mean, 1e-300))));
  };
  while (kept < options.count) {
    SampleOptions part = options;
    part.law.constraint = ConstraintLaw::kLocal;
    part.first = found.attempts;
    const double wanted = all.empty() ? kPilot : static_cast<double>(options.count - kept) / probability_of(all).mean;
    part.count = std::clamp(static_cast<int64_t>(wanted), kPilot, kMostAtOnce);
    if (part.prefix.defined() && part.prefix.dim(0) != 1)
      fail(ExitCode::kUsage,
           "--law exact: every sample begins with another question, and a sample may be drawn anew\n  "
           "with one prompt for all   --prompt TEXT");
    const Sampler::Labelled drawn = sampler.draw_labelled(part, pool);
    if (found.attempts == 0) {
      found.samples.symbols = Tensor({options.count, drawn.symbols.dim(1)}, DType::kS32);
    }
    for (int64_t i = 0; i < part.count && kept < options.count; ++i) {
      const auto at = static_cast<size_t>(i);
      const double u = stays.uniform(static_cast<uint64_t>(found.attempts++));
      if (u >= std::exp(drawn.log_allowed[at])) continue;
      const int64_t row = drawn.symbols.dim(1);
      std::copy_n(drawn.symbols.data<int32_t>() + i * row, row, found.samples.symbols.data<int32_t>() + kept++ * row);
      found.samples.lengths.push_back(drawn.lengths[at]);
      if (!drawn.labels.empty()) found.samples.labels.push_back(drawn.labels[at]);
      found.samples.log_allowed.push_back(drawn.log_allowed[at]);
    }
    all.insert(all.end(), drawn.log_allowed.begin(), drawn.log_allowed.end());
    if (kept < options.count && probability_of(all).mean < kHopeless) hopeless();
  }
  return found;
}

}  // namespace mlrun
