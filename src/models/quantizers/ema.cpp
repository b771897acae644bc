// A table that follows the vectors it stands for: van den Oord et al. 2017, appendix A.1, with the smoothing and the
// restarts that came later (Razavi et al. 2019; Dhariwal et al. 2020, Jukebox).
//
// After every step, with n_k vectors of the batch assigned to code k and s_k their sum:
//   N_k = g N_k + (1 - g) n_k,   S_k = g S_k + (1 - g) s_k,   e_k = S_k / N'_k,
//   N'_k = (N_k + eps) / (N + K eps) N,   N = sum of all N_k,
// where g is `decay`, and at most (1 + t) / (10 + t) at step t: an encoder moves fast at first.
// A code with N_k below `restart_below` is moved onto a vector of the batch. The loss is beta |z - sg[e]|^2.
// With `rate` a code costs its length as well: argmin |z - e_k|^2 - rate log(N_k / N) (entropy-constrained vector
// quantisation, Chou et al. 1989).
#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/vector/embedding.hpp"
#include "models/quantizers/table.hpp"
#include "nn/initialisers.hpp"
#include "ops/elementwise.hpp"
#include "ops/linear.hpp"
#include "ops/quantize.hpp"

namespace mlrun {
namespace {

struct EmaOptions : TableOptions {
  explicit EmaOptions(config::Reader& reader)
      : TableOptions(reader),
        decay(reader.real(
            "decay",
            {.help = "of the counts and sums, a step", .min = 0, .max = 1, .exclusive_max = true, .fallback = 0.99})),
        smoothing(reader.real(
            "smoothing",
            {.help = "eps of the Laplace smoothing of the counts", .min = 0, .exclusive_min = true, .fallback = 1e-5})),
        restart_below(reader.real("restart_below", {.help = "vectors a step (decayed mean) below which a code is moved "
                                                            "onto a vector of the batch; 0: never",
                                                    .min = 0,
                                                    .fallback = 1.0})),
        rate(reader.real("rate", {.help = "what a nat of a code's length counts against |z - e|^2; 0: nothing",
                                  .min = 0,
                                  .fallback = 0.0})) {}
  double decay, smoothing, restart_below, rate;
};

// The state of Model::after_step. Codes without a member for long keep a small count, so no logarithm is of 0.
class EmaQuantizer : public Quantizer {
 public:
  using Options = EmaOptions;

  EmaQuantizer(const Options& options, int64_t dimension, const Scope& scope, bool rotates = false)
      : options_(options),
        d_(options.code_dim.value_or(dimension)),
        rotates_(rotates),
        table_(scope.state("table", {options.codes, d_}, "code,in", StateKind::kEvaluated, initial_table(d_))),
        count_(scope.state("count", {options.codes}, "code", StateKind::kBookkeeping, initialise::constant(1.0f))),
        sum_(scope.state("sum", {options.codes, d_}, "code,in", StateKind::kBookkeeping, initialise::zeros())),
        restarted_(scope.state("restarted", {1}, "", StateKind::kBookkeeping, initialise::zeros())),
        steps_(scope.state("steps", {1}, "", StateKind::kBookkeeping, initialise::zeros())),
        members_(scope.statistic({options.codes})),
        member_sums_(scope.statistic({options.codes, d_})),
        seen_(scope.statistic({1})),
        candidates_(scope.statistic({options.codes, d_})) {}

  int64_t dimension() const override { return d_; }
  int64_t alphabet() const override { return options_.codes; }
  int64_t restarted() const override { return static_cast<int64_t>(restarted_.data<float>()[0]); }

  Quantized quantize(Pass& pass, const Variable& rows) const override {
    const Variable z = as_searched(rows, options_);
    const std::vector<float> lengths = code_lengths();
    Quantized q;
    q.codes = nearest(z.value(), table_, lengths.empty() ? nullptr : lengths.data());
    const Tensor e = kernels::gather_rows(table_, q.codes).reshape(z.shape());
    q.squared_error = squared_error(z.value(), e);
    q.loss = ops::scale(ops::squared_distance(z, e), static_cast<float>(options_.commitment));
    q.vectors = rotates_ ? ops::rotate_to(z, e) : ops::straight_through(z, e);
    gather(pass, z.value(), q.codes);
    return q;
  }

  bool has_law() const override { return true; }
  Variable log_odds(Pass&, const Variable& rows) const override {
    return log_odds_by_distance(as_searched(rows, options_), Variable(table_));
  }
  Variable mixed(Pass&, const Variable& weights) const override { return ops::matmul(weights, Variable(table_)); }
  void assigned(Pass& pass, const Tensor& rows, const Tensor& codes) const override {
    gather(pass, as_searched(rows, options_), codes);
  }

  Tensor vectors(Pass&, const Tensor& codes) const override {
    return kernels::gather_rows(table_, codes.reshape({codes.count()}));
  }

  void initialise_from(Pass&, const Tensor& rows, const RandomStream& noise) override {
    if (options_.k_means) k_means(as_searched(rows, options_), noise, table_);
    if (options_.cosine) table_.copy_from(as_searched(table_, options_));
    // As if every code had its even share of a batch so far.
    const float share = std::max(static_cast<float>(rows.dim(0)) / static_cast<float>(options_.codes), 1.0f);
    for (int64_t k = 0; k < options_.codes; ++k) settle(k, share);
  }

  void after_step(const std::vector<Statistics>& lanes) override {
    float& t = steps_.data<float>()[0];
    const float keep = std::min(static_cast<float>(options_.decay), (1.0f + t) / (10.0f + t)), take = 1.0f - keep;
    t += 1.0f;
    const Tensor members = sum_over_lanes(lanes, members_), sums = sum_over_lanes(lanes, member_sums_);
    float *count = count_.data<float>(), *sum = sum_.data<float>(), *table = table_.data<float>();
    double all = 0;
    for (int64_t k = 0; k < options_.codes; ++k) {
      count[k] = keep * count[k] + take * members.data<float>()[k];
      all += static_cast<double>(count[k]);
      for (int64_t j = k * d_; j < (k + 1) * d_; ++j) sum[j] = keep * sum[j] + take * sums.data<float>()[j];
    }
    const double codes = static_cast<double>(options_.codes), epsilon = options_.smoothing;
    for (int64_t k = 0; k < options_.codes; ++k) {
      const double smoothed = (static_cast<double>(count[k]) + epsilon) / (all + codes * epsilon) * all;
      for (int64_t j = k * d_; j < (k + 1) * d_; ++j)
        table[j] = static_cast<float>(static_cast<double>(sum[j]) / smoothed);
    }
    if (options_.cosine) table_.copy_from(as_searched(table_, options_));
    restart(lanes, static_cast<float>(std::max(all / codes, options_.restart_below)));
  }

  Layout layout() const override {
    Layout layout;
    if (options_.cosine) layout.line("z = z / |z|");
    layout.line(options_.rate > 0
                    ? "k = argmin over k of |z - table[k]|^2 - rate log(count[k] / sum(count)), rate being "
                      "quantizer.rate of the spec;  q = table[k]"
                    : "k = argmin over k of |z - table[k]|^2;  q = table[k]");
    layout.tensor("table", "a row for each code, of length 1 where the distance is cosine");
    layout.tensor("count", "decayed mean of the vectors of a code")
        .tensor("sum", "and their sum; only training reads it");
    return layout.tensor("restarted", "codes moved so far; only training reads it")
        .tensor("steps", "steps so far; only training reads it");
  }

 private:
  void gather(Pass& pass, const Tensor& z, const Tensor& codes) const {
    Tensor* members = pass.statistic(members_);
    if (!members) return;
    const int64_t n = codes.count();
    for (int64_t i = 0; i < n; ++i) members->data<float>()[codes.data<int32_t>()[i]] += 1.0f;
    kernels::scatter_add_rows(*pass.statistic(member_sums_), codes, z);
    if (options_.restart_below == 0) return;
    // Rows spread over what this pass sees, until there is one for every code.
    float& seen = pass.statistic(seen_)->data<float>()[0];
    const int64_t have = static_cast<int64_t>(seen), wanted = std::min(options_.codes - have, n);
    for (int64_t i = 0; i < wanted; ++i) {
      std::copy_n(z.data<float>() + i * n / wanted * d_, d_,
                  pass.statistic(candidates_)->data<float>() + (have + i) * d_);
    }
    seen += static_cast<float>(std::max<int64_t>(wanted, 0));
  }

  // Code k stands where it is, with so many members.
  void settle(int64_t k, float share) {
    count_.data<float>()[k] = share;
    for (int64_t j = k * d_; j < (k + 1) * d_; ++j) sum_.data<float>()[j] = share * table_.data<float>()[j];
  }

  // Dead codes take the candidates of the lanes in turn.
  void restart(const std::vector<Statistics>& lanes, float share) {
    if (options_.restart_below == 0) return;
    std::vector<int64_t> used(lanes.size());
    size_t lane = 0;
    for (int64_t k = 0; k < options_.codes; ++k) {
      if (static_cast<double>(count_.data<float>()[k]) >= options_.restart_below) continue;
      size_t looked = 0;
      const auto left = [&](size_t l) {
        return used[l] < static_cast<int64_t>(lanes[l][seen_.index()].data<float>()[0]);
      };
      while (looked < lanes.size() && !left(lane)) {
        lane = (lane + 1) % lanes.size();
        ++looked;
      }
      if (looked == lanes.size()) return;  // a batch of fewer vectors than dead codes
      const float* candidate = lanes[lane][candidates_.index()].data<float>() + used[lane]++ * d_;
      std::copy_n(candidate, d_, table_.data<float>() + k * d_);
      settle(k, share);
      restarted_.data<float>()[0] += 1.0f;
      lane = (lane + 1) % lanes.size();
    }
  }

  std::vector<float> code_lengths() const {
    if (options_.rate == 0) return {};
    double all = 0;
    for (int64_t k = 0; k < options_.codes; ++k) all += static_cast<double>(count_.data<float>()[k]);
    std::vector<float> lengths;
    for (int64_t k = 0; k < options_.codes; ++k) {
      const double share = std::max(static_cast<double>(count_.data<float>()[k]), 1e-6) / all;
      lengths.push_back(static_cast<float>(-options_.rate * std::log(share)));
    }
    return lengths;
  }

  Options options_;
  int64_t d_;
  bool rotates_;
  Tensor table_, count_, sum_, restarted_, steps_;
  Statistic members_, member_sums_, seen_, candidates_;
};

// The same table; gradients go from e to z by the rotation that takes z to e.
class RotationQuantizer : public EmaQuantizer {
 public:
  RotationQuantizer(const Options& options, int64_t dimension, const Scope& scope)
      : EmaQuantizer(options, dimension, scope, /*rotates=*/true) {}
};

[[maybe_unused]] const bool ema = register_quantizer<EmaQuantizer>(
    "ema", "Straight-through, the table a moving mean of its vectors (van den Oord et al. 2017, A.1)");
[[maybe_unused]] const bool rotation = register_quantizer<RotationQuantizer>(
    "rotation", "The table of ema, gradients by the rotation trick (Fifty et al. 2024)");

}  // namespace
}  // namespace mlrun
