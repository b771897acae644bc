#include "coding/codec.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.hpp"
#include "base/log_sum_exp.hpp"
#include "generate/predictive.hpp"
#include "generate/step_through.hpp"

namespace mlrun {
namespace {

constexpr int64_t kBatch = 64;  // images that one stepper carries
constexpr int64_t kParallelBatch = 100;

// The images of a group that one stepper carries: those of one component.
struct Members {
  std::vector<int64_t> rows;
  std::vector<int32_t> labels;
};

std::vector<Members> by_component(const std::vector<int64_t>& latents, int64_t components, int64_t labels) {
  std::vector<Members> members(static_cast<size_t>(components));
  for (size_t row = 0; row < latents.size(); ++row) {
    Members& m = members[static_cast<size_t>(latents[row] / labels)];
    m.rows.push_back(static_cast<int64_t>(row));
    m.labels.push_back(static_cast<int32_t>(latents[row] % labels));
  }
  return members;
}

// The images of one component, step by step: visit(t, image, law) gives the symbol.
template <class Visit>
void code_through(const StepView& view, const Members& members, int64_t positions, int64_t alphabet,
                  const Visit& visit) {
  const auto n = static_cast<int64_t>(members.rows.size());
  const std::unique_ptr<Stepper> stepper = view.begin(n, members.labels.data());
  step_through(*stepper, n, positions, alphabet, [&](int64_t t, int64_t i, const float* logits) {
    return visit(t, static_cast<size_t>(i), IntegerLaw::of_logits(logits, alphabet));
  });
}

IntegerLaw posterior_of(const std::vector<double>& log_joint, size_t row, int64_t latents) {
  const auto n = static_cast<size_t>(latents);
  return IntegerLaw::of_log_weights(std::span(log_joint).subspan(row * n, n));
}

}  // namespace

Codec::Codec(const AutoregressiveModel& model, const ParameterArena& parameters)
    : model_(model), parameters_(parameters), labels_(std::max<int64_t>(1, model.classes())) {
  require(model.data().given == 0, "a codec of sequences whose first {} symbols are given", model.data().given);
  const std::vector<double> classes =
      model.conditional() ? model.log_class_prior(parameters) : std::vector<double>{0.0};
  const std::vector<double> weights = model.log_weights(parameters);
  for (int64_t c = 0; c < model.components(); ++c) {
    for (const double log_p : classes) log_prior_.push_back(log_p + weights[static_cast<size_t>(c)]);
    views_.push_back(model.step_view(parameters, c));
  }
}

StreamCoding Codec::coding() const {
  return {.pad = "bits-back pad", .free_bits = free_bits(), .groups = [this](int64_t images) {
            const int64_t k = latents();
            if (k == 1) return growing_groups(images, kBatch, kBatch);
            const int64_t numbers = model_.data().positions() * logits_per_step(model_.data().alphabet);
            const int64_t fit = std::max<int64_t>(1, (int64_t{1} << 24) / numbers);
            return growing_groups(images, 1, std::min({fit, kBatch * k, 16 * kBatch}));
          }};
}

// The bits that drawing the first image's component takes from the stack, unless it is a rare one.
int Codec::free_bits() const {
  return latents() == 1 ? 0 : 2 + static_cast<int>(std::bit_width(static_cast<uint64_t>(latents() - 1)));
}

std::vector<double> Codec::log_joint(const Tensor& rows) const {
  const auto n = static_cast<size_t>(rows.dim(0)), k = static_cast<size_t>(latents());
  std::vector<double> joint(n * k);
  for (size_t latent = 0; latent < k; ++latent) {
    const int64_t component = static_cast<int64_t>(latent) / labels_;
    Batch batch;
    batch.symbols = rows;
    if (model_.conditional()) {
      const auto label = static_cast<int32_t>(static_cast<int64_t>(latent) % labels_);
      batch.labels = Tensor::of({rows.dim(0)}, std::vector<int32_t>(n, label));
    }
    const OrderedBatch steps = model_.ordered(batch, component);
    Pass pass(parameters_);
    const Tensor nll = negative_log_likelihood(model_.logits(pass, steps, component), steps.symbols).value();
    for (size_t i = 0; i < n; ++i)
      joint[i * k + latent] = log_prior_[latent] - static_cast<double>(nll.data<float>()[i]);
  }
  return joint;
}

void Codec::push(const Tensor& rows, AnsStack& stack) const {
  const int64_t positions = model_.data().positions(), alphabet = model_.data().alphabet;
  std::vector<int64_t> latent(static_cast<size_t>(rows.dim(0)), 0);
  if (latents() > 1) {
    const std::vector<double> joint = log_joint(rows);
    for (size_t i = 0; i < latent.size(); ++i) latent[i] = stack.pop(posterior_of(joint, i, latents()));
  }
  const std::vector<Members> members = by_component(latent, model_.components(), labels_);
  for (int64_t component = model_.components(); component-- > 0;) {  // a stack: all in reverse
    const Members& m = members[static_cast<size_t>(component)];
    if (m.rows.empty()) continue;
    const std::vector<int64_t>& order = model_.order(component);
    std::vector<Interval> intervals;  // step by step, image by image
    intervals.reserve(m.rows.size() * order.size());
    code_through(*views_[static_cast<size_t>(component)], m, positions, alphabet,
                 [&](int64_t t, size_t i, const IntegerLaw& law) {
                   const int32_t symbol = rows.data<int32_t>()[m.rows[i] * positions + order[static_cast<size_t>(t)]];
                   intervals.push_back(law.interval(symbol));
                   return symbol;
                 });
    for (size_t i = intervals.size(); i-- > 0;) stack.push(intervals[i]);
  }
  if (latents() > 1) {
    const IntegerLaw prior = IntegerLaw::of_log_weights(log_prior_);
    for (size_t i = latent.size(); i-- > 0;) stack.push(prior.interval(latent[i]));
  }
}

void Codec::pop(Tensor rows, AnsStack& stack) const {
  const int64_t positions = model_.data().positions(), alphabet = model_.data().alphabet;
  std::vector<int64_t> latent(static_cast<size_t>(rows.dim(0)), 0);
  if (latents() > 1) {
    const IntegerLaw prior = IntegerLaw::of_log_weights(log_prior_);
    for (int64_t& l : latent) l = stack.pop(prior);
  }
  const std::vector<Members> members = by_component(latent, model_.components(), labels_);
  for (int64_t component = 0; component < model_.components(); ++component) {
    const Members& m = members[static_cast<size_t>(component)];
    if (m.rows.empty()) continue;
    const std::vector<int64_t>& order = model_.order(component);
    code_through(*views_[static_cast<size_t>(component)], m, positions, alphabet,
                 [&](int64_t t, size_t i, const IntegerLaw& law) {
                   const auto symbol = static_cast<int32_t>(stack.pop(law));
                   rows.data<int32_t>()[m.rows[i] * positions + order[static_cast<size_t>(t)]] = symbol;
                   return symbol;
                 });
  }
  if (latents() > 1) {
    const std::vector<double> joint = log_joint(rows);
    for (size_t i = latent.size(); i-- > 0;) stack.push(posterior_of(joint, i, latents()).interval(latent[i]));
  }
}

std::vector<std::vector<std::byte>> Codec::encode(const Tensor& symbols, LanePool& pool) const {
  return encode_streams(symbols.dim(0), coding(), pool,
                        [&](Range group, AnsStack& stack) { push(symbols.rows(group.begin, group.end), stack); });
}

Tensor Codec::decode(std::span<const std::span<const std::byte>> streams, int64_t count, LanePool& pool) const {
  Tensor symbols({count, model_.data().positions()}, DType::kS32);
  decode_streams(streams, count, coding(), pool,
                 [&](Range group, AnsStack& stack) { pop(symbols.rows(group.begin, group.end), stack); });
  return symbols;
}

std::vector<double> Codec::nll(const Tensor& symbols, LanePool& pool) const {
  const int64_t count = symbols.dim(0), batches = (count + kParallelBatch - 1) / kParallelBatch;
  std::vector<double> all(static_cast<size_t>(count));
  pool.run(batches, [&](int64_t b) {
    const int64_t begin = b * kParallelBatch, end = std::min(count, begin + kParallelBatch);
    Batch batch;
    batch.symbols = symbols.rows(begin, end);
    if (!model_.conditional()) {
      const std::vector<double> part = model_.nll(parameters_, batch);
      std::copy(part.begin(), part.end(), all.begin() + begin);
      return;
    }
    const std::vector<double> joint = log_joint(batch.symbols);
    for (int64_t i = begin; i < end; ++i) {
      const auto row =
          std::span(joint).subspan(static_cast<size_t>((i - begin) * latents()), static_cast<size_t>(latents()));
      all[static_cast<size_t>(i)] = -log_sum_exp(row);
    }
  });
  return all;
}

}  // namespace mlrun
