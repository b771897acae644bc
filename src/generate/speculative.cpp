#include "generate/speculative.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "base/error.hpp"
#include "generate/lookahead.hpp"

namespace mlrun {
namespace {

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

  // A symbol, and the draft's probability of it.
  struct Proposal {
    int32_t symbol = 0;
    double q = 0;
  };
  Proposal proposed(int64_t t, const float* draft_logits) {
    if (job_.law.typical > 0) {
      const std::vector<double> q = probabilities(draft_logits, job_.alphabet, job_.law);
      const auto likeliest = std::max_element(q.begin(), q.end());
      return {static_cast<int32_t>(likeliest - q.begin()), *likeliest};
    }
    if (job_.alphabet == 2) {
      const int32_t symbol = draw_symbol(draft_logits, 2, step(t), job_.law);
      const double odds = static_cast<double>(draft_logits[0]) / std::max(job_.law.temperature, 1e-3);
      return {symbol, 1 / (1 + std::exp(symbol == 1 ? -odds : odds))};
    }
    q_.push_back(probabilities(draft_logits, job_.alphabet, job_.law));
    const int32_t symbol = pick(q_.back(), uniform(job_.draft_uniforms, t, 0));
    return {symbol, q_.back()[static_cast<size_t>(symbol)]};
  }

  // `j`: the number of the proposal since forget().
  int32_t decided(int64_t t, int32_t proposal, size_t j, const float* logits) {
    if (job_.law.typical > 0) {  // drawn by a uniform that the proposal did not come from
      return is_typical(logits, job_.alphabet, proposal, job_.law)
                 ? proposal
                 : pick(probabilities(logits, job_.alphabet, job_.law), uniform(job_.draft_uniforms, t, 2));
    }
    if (job_.alphabet == 2) return undrafted(t, logits);
    const std::vector<double> p = probabilities(logits, job_.alphabet, job_.law), &q = q_[j];
    const auto x = static_cast<size_t>(proposal);
    if (uniform(job_.draft_uniforms, t, 1) * q[x] < p[x]) return proposal;
    std::vector<double> rest(p.size());
    for (size_t k = 0; k < p.size(); ++k) rest[k] = std::max(0.0, p[k] - q[k]);
    return pick(rest, uniform(job_.draft_uniforms, t, 2));
  }
  // As the sequential sampler draws.
  int32_t undrafted(int64_t t, const float* logits) { return draw_symbol(logits, job_.alphabet, step(t), job_.law); }
  void forget() { q_.clear(); }

 private:
  int64_t known() const { return static_cast<int64_t>(job_.known.size()); }
  double step(int64_t t) {
    while (static_cast<int64_t>(steps_.size()) <= t - known()) steps_.push_back(of_steps_.next());
    return steps_[static_cast<size_t>(t - known())];
  }
  const SpeculativeJob& job_;
  Uniforms of_steps_;
  std::vector<double> steps_;           // from the first unknown one on
  std::vector<std::vector<double>> q_;  // of the proposals
};

}  // namespace

void SpeculationCounts::add(const SpeculationCounts& other) {
  stretches += other.stretches;
  rows += other.rows;
  draft_steps += other.draft_steps;
  symbols += other.symbols;
  kept += other.kept;
  draft_cost = std::max(draft_cost, other.draft_cost);
}

double SpeculationCounts::symbols_per_step() const {
  const double cost = Lookahead::kLook * static_cast<double>(stretches) + Lookahead::kRow * static_cast<double>(rows) +
                      draft_cost * static_cast<double>(draft_steps);
  return cost > 0 ? static_cast<double>(symbols) / cost : 0;
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

SpeculationCounts draw_speculatively(Cursor& cursor, Proposer& draft, const SpeculativeJob& job,
                                     const std::function<bool(int64_t t, int32_t symbol)>& put) {
  const int64_t width = logits_per_step(job.alphabet);
  Follower model(cursor);
  StepRule rule(job);
  Lookahead ahead(job.draft_cost, job.ahead);
  SpeculationCounts counts;
  counts.draft_cost = job.draft_cost;
  std::vector<int32_t> sample = job.known, proposed;
  std::vector<float> p, q(static_cast<size_t>(width));
  model.go(sample, nullptr);
  model.mark();
  for (bool ended = false; !ended && static_cast<int64_t>(sample.size()) < job.length;) {
    const auto t = static_cast<int64_t>(sample.size());
    std::vector<int32_t> stretch = model.missing(sample);
    model.mark();
    const auto again = static_cast<int64_t>(stretch.size());  // one, but for the first look
    const int64_t most = std::min(draft.stand_behind(sample, again), job.length - t);
    rule.forget();
    proposed.clear();
    ahead.begin();
    for (bool more = most > 0; more;) {
      draft.logits(q.data());
      const StepRule::Proposal next = rule.proposed(t + static_cast<int64_t>(proposed.size()), q.data());
      proposed.push_back(next.symbol);
      ++counts.draft_steps;
      more = ahead.goes_on(next.q) && static_cast<int64_t>(proposed.size()) < most;
      if (more) draft.go_on(next.symbol);
    }
    const auto proposals = static_cast<int64_t>(proposed.size());
    if (proposals > 0) stretch.insert(stretch.end(), proposed.begin(), proposed.end() - 1);  // nothing follows the last
    p.resize((stretch.size() + 1) * static_cast<size_t>(width));
    if (again == 0) model.logits(p.data());
    model.go(stretch, p.data() + width);
    ++counts.stretches;
    counts.rows += std::max<int64_t>(1, static_cast<int64_t>(stretch.size()));
    const auto take = [&](int64_t at, int32_t symbol) {
      ++counts.symbols;
      sample.push_back(symbol);
      ended = put(at, symbol);
    };
    if (proposals == 0) take(t, rule.undrafted(t, p.data() + again * width));
    for (int64_t j = 0, kept = 0; j < proposals && kept == j && !ended; ++j) {
      const auto at = static_cast<size_t>(j);
      const int32_t symbol = rule.decided(t + j, proposed[at], at, p.data() + (again + j) * width);
      ahead.judged(j, symbol == proposed[at]);
      kept += symbol == proposed[at] ? 1 : 0;
      counts.kept += symbol == proposed[at] ? 1 : 0;
      take(t + j, symbol);
    }
  }
  return counts;
}

}  // namespace mlrun
