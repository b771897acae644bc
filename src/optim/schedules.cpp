// The schedules, all with linear warm-up: over `warmup` the factor rises as (step + 1) / warmup, then the rule takes
// over. Every rule counts from the end of the warm-up: its step 0 is the first step with the whole learning rate.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "config/starter.hpp"
#include "optim/schedule.hpp"

namespace mlrun {
namespace {

using config::Period;

struct WarmupOptions {
  explicit WarmupOptions(config::Reader& reader)
      : warmup(reader.period("warmup", {.help = "linear rise from 0 at the start",
                                        .allow_zero = true,
                                        .units = {Period::Unit::kSteps, Period::Unit::kEpochs},
                                        .fallback = Period{0, Period::Unit::kSteps}})) {}
  Period warmup;
};

class WarmedUp : public Schedule {
 public:
  explicit WarmedUp(const WarmupOptions& options) : warmup_(options.warmup) {}
  double factor(int64_t step, const TrainingLength& length) const final {
    const int64_t warmup = length.steps_of(warmup_);
    const double rise = step < warmup ? static_cast<double>(step + 1) / static_cast<double>(warmup) : 1.0;
    return rise * after(step, warmup, length);
  }
  bool needs_total() const override { return false; }

 protected:
  virtual double after(int64_t step, int64_t warmup, const TrainingLength& length) const = 0;
  // How far the part after the warm-up has come: 0 at its start, 1 at the end of training.
  static double progress(int64_t step, int64_t warmup, const TrainingLength& length) {
    const int64_t span = std::max<int64_t>(1, length.total_steps - warmup);
    return std::clamp(static_cast<double>(step - warmup) / static_cast<double>(span), 0.0, 1.0);
  }

 private:
  Period warmup_;
};

class Constant : public WarmedUp {
 public:
  using Options = WarmupOptions;
  explicit Constant(const Options& options) : WarmedUp(options) {}

 protected:
  double after(int64_t, int64_t, const TrainingLength&) const override { return 1.0; }
};

class StepDecay : public WarmedUp {
 public:
  struct Options : WarmupOptions {
    explicit Options(config::Reader& reader)
        : WarmupOptions(reader),
          every(reader.period("every", {.help = "how often the factor drops, counted from the end of the warm-up",
                                        .units = {Period::Unit::kSteps, Period::Unit::kEpochs}})),
          gamma(reader.real(
              "gamma",
              {.help = "what it is multiplied by", .min = 0, .max = 1, .exclusive_min = true, .fallback = 0.1})) {}
    Period every;
    double gamma;
  };
  explicit StepDecay(const Options& options) : WarmedUp(options), options_(options) {}

 protected:
  double after(int64_t step, int64_t warmup, const TrainingLength& length) const override {
    const int64_t since = std::max<int64_t>(0, step - warmup);
    return std::pow(options_.gamma, static_cast<double>(since / std::max<int64_t>(1, length.steps_of(options_.every))));
  }

 private:
  Options options_;
};

class Exponential : public WarmedUp {
 public:
  struct Options : WarmupOptions {
    explicit Options(config::Reader& reader)
        : WarmupOptions(reader),
          gamma(reader.real("gamma", {.help = "factor per epoch, counted from the end of the warm-up",
                                      .min = 0,
                                      .max = 1,
                                      .exclusive_min = true,
                                      .fallback = 0.95})) {}
    double gamma;
  };
  explicit Exponential(const Options& options) : WarmedUp(options), gamma_(options.gamma) {}

 protected:
  double after(int64_t step, int64_t warmup, const TrainingLength& length) const override {
    const int64_t since = std::max<int64_t>(0, step - warmup);
    return std::pow(gamma_, static_cast<double>(since) / static_cast<double>(length.steps_per_epoch));
  }

 private:
  double gamma_;
};

struct FinalOptions : WarmupOptions {
  explicit FinalOptions(config::Reader& reader)
      : WarmupOptions(reader),
        final_factor(
            reader.real("final", {.help = "factor at the end of training", .min = 0, .max = 1, .fallback = 0.0})) {}
  double final_factor;
};

// Loshchilov & Hutter 2017, eq. 5, one period: final + (1 - final) (1 + cos(pi p)) / 2.
class Cosine : public WarmedUp {
 public:
  using Options = FinalOptions;
  explicit Cosine(const Options& options) : WarmedUp(options), final_(options.final_factor) {}
  bool needs_total() const override { return true; }

 protected:
  double after(int64_t step, int64_t warmup, const TrainingLength& length) const override {
    return final_ + (1 - final_) * 0.5 * (1 + std::cos(std::numbers::pi * progress(step, warmup, length)));
  }

 private:
  double final_;
};

class Linear : public WarmedUp {
 public:
  using Options = FinalOptions;
  explicit Linear(const Options& options) : WarmedUp(options), final_(options.final_factor) {}
  bool needs_total() const override { return true; }

 protected:
  double after(int64_t step, int64_t warmup, const TrainingLength& length) const override {
    return 1 + (final_ - 1) * progress(step, warmup, length);
  }

 private:
  double final_;
};

[[maybe_unused]] const bool constant = register_schedule<Constant>("constant", "the optimizer's lr throughout");
[[maybe_unused]] const bool step = register_schedule<StepDecay>("step", "times gamma every so often");
[[maybe_unused]] const bool exponential =
    register_schedule<Exponential>("exponential", "times gamma per epoch, continuously");
[[maybe_unused]] const bool cosine =
    register_schedule<Cosine>("cosine", "down to `final` along half a cosine (Loshchilov & Hutter 2017)");
[[maybe_unused]] const bool linear = register_schedule<Linear>("linear", "down to `final` along a line");
[[maybe_unused]] const bool starter = config::register_starter("schedule.kind=step", {"schedule.every=10 epochs"});

}  // namespace

ScheduleRegistry& schedule_kinds() {
  static ScheduleRegistry registry;
  return registry;
}

}  // namespace mlrun
