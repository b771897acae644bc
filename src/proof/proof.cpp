#include "proof/proof.hpp"

#include <algorithm>
#include <cmath>

#include "generate/predictive.hpp"
#include "proof/batch.hpp"

namespace mlrun {

std::vector<int64_t> components_to_check(int64_t total, int64_t count) {
  count = std::min(total, count);
  std::vector<int64_t> chosen;
  for (int64_t i = 0; i < count; ++i) chosen.push_back(count == 1 ? 0 : i * (total - 1) / (count - 1));
  return chosen;
}

Batch repeated(const Batch& batch, int64_t row, int64_t count) {
  const int64_t d = batch.symbols.dim(1);
  Batch copies;
  copies.symbols = Tensor({count, d}, DType::kS32);
  for (int64_t i = 0; i < count; ++i) {
    std::copy_n(batch.symbols.data<int32_t>() + row * d, d, copies.symbols.data<int32_t>() + i * d);
  }
  if (batch.labels.defined()) {
    copies.labels = Tensor({count}, DType::kS32);
    std::fill_n(copies.labels.data<int32_t>(), count, batch.labels.data<int32_t>()[row]);
  }
  return copies;
}

const int32_t* labels_or_null(const Batch& batch) {
  return batch.labels.defined() ? batch.labels.data<int32_t>() : nullptr;
}

Tensor parallel_logits(const ProofSubject& subject, const Batch& batch, int64_t component) {
  Pass pass(subject.parameters);
  return subject.model.logits(pass, subject.model.ordered(batch, component), component).value();
}

int64_t rows_at_a_time(const DataSpec& data) {
  constexpr int64_t kNumbers = int64_t{1} << 22;
  return std::clamp<int64_t>(kNumbers / (data.positions() * logits_per_step(data.alphabet)), 4, 128);
}

int64_t affordable(const ProofSubject& subject, int64_t usual, int64_t least) {
  constexpr int64_t kLooks = 8192;
  const int64_t looks = subject.model.looks_of_parallel_view();
  if (looks <= 1 || subject.whatever_it_takes) return usual;
  return std::min(usual, std::max(least, kLooks / looks));
}

std::vector<double> log_probabilities(const ProofSubject& subject, const Batch& batch, int64_t component, Range steps) {
  const Tensor logits = parallel_logits(subject, batch, component);
  const Tensor symbols = subject.model.ordered(batch, component).symbols;
  const int64_t d = symbols.dim(1), alphabet = subject.model.data().alphabet, width = logits_per_step(alphabet);
  std::vector<double> sums(static_cast<size_t>(batch.count()));
  for (int64_t i = 0; i < batch.count(); ++i) {
    for (int64_t t = steps.begin; t < steps.end; ++t) {
      sums[static_cast<size_t>(i)] +=
          log_probability(logits.data<float>() + (i * d + t) * width, alphabet, symbols.data<int32_t>()[i * d + t]);
    }
  }
  return sums;
}

std::vector<double> log_probabilities(const ProofSubject& subject, const Batch& batch, int64_t component) {
  return log_probabilities(subject, batch, component, {subject.model.data().given, subject.model.data().positions()});
}

}  // namespace mlrun
