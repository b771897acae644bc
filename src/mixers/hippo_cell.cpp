// The HiPPO memory cell (Gu, Dao, Ermon, Rudra & Re 2020): see ops/recurrent/hippo_cell.hpp.
#include <algorithm>
#include <optional>

#include "kernels/recurrent/hippo_cell.hpp"
#include "mixers/hippo_memory.hpp"
#include "mixers/mixer.hpp"
#include "nn/initialisers.hpp"
#include "nn/linear.hpp"

namespace mlrun {
namespace {

struct HippoOptions {
  explicit HippoOptions(config::Reader& reader)
      : measure(reader.one_of<hippo::Measure>(
            "measure",
            {{"legs", hippo::Measure::kLegS}, {"legt", hippo::Measure::kLegT}, {"lagt", hippo::Measure::kLagT}},
            {.help = "what of the past counts: legs (all of it alike), legt (the last theta alike), lagt (fading)",
             .fallback = "legs"})),
        rule(reader.one_of<hippo::Discretisation>(
            "discretisation",
            {{"bilinear", hippo::Discretisation::kBilinear},
             {"zoh", hippo::Discretisation::kZoh},
             {"backward", hippo::Discretisation::kBackward},
             {"forward", hippo::Discretisation::kForward}},
            {.help = "of the memory's system; forward is unstable at large orders", .fallback = "bilinear"})),
        order(reader.integer("memory", {.help = "coefficients of the memory", .min = 1, .max = 4096, .fallback = 256})),
        hidden(reader.integer_or("hidden", "width", {.help = "units", .min = 1, .max = 65536})),
        theta(
            reader.real_or("theta", "auto",
                           {.help = "positions that legt sees, or after which lagt has faded by e; auto: the length of "
                                    "the sequences, and for lagt a tenth of it",
                            .min = 0,
                            .exclusive_min = true})) {}
  hippo::Measure measure;
  hippo::Discretisation rule;
  int64_t order;
  std::optional<int64_t> hidden;
  std::optional<double> theta;
};

struct PackedHippo {
  std::shared_ptr<const ops::MemoryUpdate> memory;
  PackedLinear cell;
  const float* write;
  const float* write_bias;
  int64_t in;
  std::optional<PackedLinear> output;
};

class HippoStepper : public MixerStepper {
 public:
  HippoStepper(const PackedHippo& packed, int64_t count)
      : packed_(packed),
        count_(count),
        hidden_(packed.cell.out() / 2),
        z_(Tensor::zeros({count, packed.cell.in()})),
        next_({count, packed.cell.in()}),
        gates_({count, 2 * hidden_}),
        h_({count, hidden_}),
        f_({count}) {}

  void extend(const float* x, int64_t length, float* y) override {
    for (int64_t t = 0; t < length; ++t) {
      step_over(x + t * count_ * packed_.in, y + t * count_ * (packed_.output ? packed_.output->out() : hidden_));
      passed();
    }
  }

 protected:
  std::vector<Tensor> state() override { return {z_}; }

 private:
  void step_over(const float* x, float* y) {
    const int64_t row = packed_.cell.in(), memory = packed_.memory->order();
    float *z = z_.data<float>(), *next = next_.data<float>(), *h = packed_.output ? h_.data<float>() : y;
    for (int64_t i = 0; i < count_; ++i) std::copy_n(x + i * packed_.in, packed_.in, z + i * row + hidden_ + memory);
    packed_.cell(z, count_, gates_.data<float>());
    kernels::HippoGate step;
    step.rows = count_;
    step.width = hidden_;
    step.gates = {gates_.data<float>(), 2 * hidden_};
    step.h_before = {z, row};
    step.h = {h, hidden_};
    step.h_copy = {next, row};
    step.write = packed_.write;
    step.write_bias = *packed_.write_bias;
    step.f = f_.data<float>();
    kernels::hippo_gate(step);
    packed_.memory->step(t_++, count_, {z + hidden_, row}, f_.data<float>(), {next + hidden_, row});
    std::swap(z_, next_);
    if (packed_.output) (*packed_.output)(h, count_, y);
  }

  const PackedHippo& packed_;
  int64_t count_, hidden_;
  Tensor z_, next_;  // (h, c, x), before the step and behind it
  Tensor gates_, h_, f_;
};

class HippoCell : public Mixer {
 public:
  using Options = HippoOptions;
  static Facts facts(const Options&) { return {.sequences_per_lane = 8}; }

  HippoCell(const Options& options, const MixerShape& shape, const Scope& scope)
      : in_(shape.in), hidden_(options.hidden.value_or(shape.width)), has_output_(hidden_ != shape.width) {
    const auto length = static_cast<double>(std::max<int64_t>(1, shape.length));
    const double theta =
        options.theta.value_or(options.measure == hippo::Measure::kLagT ? std::max(1.0, length / 10) : length);
    memory_ = hippo_memory(options.measure, options.order, options.rule, theta);
    const int64_t inputs = hidden_ + options.order + in_;
    weight_ = scope.parameter("weight", {2 * hidden_, inputs}, "gates,in", ParameterKind::kWeight,
                              initialise::lecun_uniform(inputs));
    bias_ = scope.parameter("bias", {2 * hidden_}, "gates", ParameterKind::kBias, initialise::zeros());
    write_ =
        scope.parameter("write/weight", {hidden_}, "in", ParameterKind::kWeight, initialise::lecun_uniform(hidden_));
    write_bias_ = scope.parameter("write/bias", {1}, "out", ParameterKind::kBias, initialise::zeros());
    if (has_output_) output_ = Linear(scope / "output", hidden_, shape.width);
  }

  Variable operator()(Pass& pass, const Variable& x) const override {
    const Variable h = ops::hippo_cell(x, {pass(weight_), pass(bias_), pass(write_), pass(write_bias_)}, memory_);
    return has_output_ ? output_(pass, h) : h;
  }

  std::unique_ptr<MixerSteps> steps() const override {
    PackedHippo packed = {
        memory_, {weight_.value(), bias_.value()}, write_.value().data<float>(), write_bias_.value().data<float>(), in_,
        {}};
    if (has_output_) packed.output = output_.packed();
    return std::make_unique<PackedMixerSteps<PackedHippo, HippoStepper>>(std::move(packed));
  }

  Layout layout() const override {
    Layout layout;
    layout.line(
        "(a, b) = (h[t - 1], c[t - 1], u[t]) @ weight' + bias, halves;  h[t] = (1 - sigma(a)) * h[t - 1] + sigma(a) * "
        "tanh(b)");
    layout.line("f = h[t] . write/weight + write/bias;  c[t] = A_t c[t - 1] + B_t f;  h[-1] = c[-1] = 0");
    layout.line(
        "A_t and B_t are fixed by mixer.measure, memory, theta and discretisation of the spec: Gu et al. 2020, and for "
        "step t of LegS A / (t + 1)");
    layout.line(has_output_ ? "y = h @ output/weight' + output/bias" : "y = h");
    layout.tensor("weight", "rows: a, b; columns: h, c, u").tensor("bias", "a, b");
    layout.tensor("write/weight", "from units to f").tensor("write/bias", "of f");
    return layout.tensor("output/weight", "from units to channels").tensor("output/bias", "of each channel");
  }

 private:
  int64_t in_, hidden_;
  bool has_output_;
  std::shared_ptr<const ops::MemoryUpdate> memory_;
  Parameter weight_, bias_, write_, write_bias_;
  Linear output_;
};

[[maybe_unused]] const bool registered = register_mixer<HippoCell>(
    "hippo", "gated memory of polynomial coefficients of its own past (Gu et al. 2020): LegS, LegT, LagT");

}  // namespace
}  // namespace mlrun
