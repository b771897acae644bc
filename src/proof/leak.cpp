// No logit may see its own symbol or a later one.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "base/random.hpp"
#include "generate/predictive.hpp"
#include "proof/batch.hpp"

namespace mlrun {
namespace {

constexpr int64_t kImages = 3;  // of the rows; one more is noise, which wakes units that data leave asleep

Batch noise_row(const ProofSubject& subject) {
  const DataSpec& data = subject.model.data();
  const RandomStream noise(subject.seed, "prove/noise");
  Batch batch;
  batch.symbols = Tensor({1, data.positions()}, DType::kS32);
  for (int64_t i = 0; i < data.positions(); ++i) {
    batch.symbols.data<int32_t>()[i] =
        static_cast<int32_t>(noise.below(static_cast<uint64_t>(i), static_cast<uint64_t>(data.alphabet)));
  }
  if (subject.rows.labels.defined()) batch.labels = subject.rows.labels.rows(0, 1);
  return batch;
}

struct Leaks {
  int64_t count = 0;
  int64_t component = 0, flipped = 0, seen = 0;  // of the first of them; steps
};

// `count` of d steps, evenly spread, first and last among them.
std::vector<int64_t> steps_to_flip(int64_t d, int64_t count) {
  std::vector<int64_t> steps;
  for (int64_t i = 0; i < count; ++i) steps.push_back(count == 1 ? 0 : i * (d - 1) / (count - 1));
  return steps;
}

// Flips of some steps of one image, one in each row of a batch of `size` rows; what leaks is added to `leaks`.
void find_leaks(const ProofSubject& subject, const Batch& image, int64_t component, std::span<const int64_t> steps,
                int64_t size, const Tensor& unflipped, Leaks& leaks) {
  const DataSpec& data = subject.model.data();
  const std::vector<int64_t>& order = subject.model.order(component);
  const int64_t d = data.positions(), width = logits_per_step(data.alphabet);
  const RandomStream other(subject.seed, "prove/flip");
  Batch batch = repeated(image, 0, size);
  const auto count = static_cast<int64_t>(steps.size());
  for (int64_t i = 0; i < count; ++i) {
    const auto step = static_cast<size_t>(steps[static_cast<size_t>(i)]);
    int32_t& symbol = batch.symbols.data<int32_t>()[i * d + order[step]];
    const uint64_t away = 1 + other.below(step, static_cast<uint64_t>(data.alphabet - 1));
    symbol = static_cast<int32_t>((symbol + static_cast<int64_t>(away)) % data.alphabet);
  }
  const Tensor flipped = parallel_logits(subject, batch, component);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t step = steps[static_cast<size_t>(i)];
    const float *a = unflipped.data<float>() + i * d * width, *b = flipped.data<float>() + i * d * width;
    const int64_t numbers = (step + 1) * width;
    if (std::memcmp(a, b, static_cast<size_t>(numbers) * sizeof(float)) == 0) continue;
    int64_t first = 0;
    while (std::memcmp(a + first, b + first, sizeof(float)) == 0) ++first;
    leaks = leaks.count == 0 ? Leaks{1, component, step, first / width}
                             : Leaks{leaks.count + 1, leaks.component, leaks.flipped, leaks.seen};
  }
}

}  // namespace

ProofCheck check_no_leak(const ProofSubject& subject) {
  const std::vector<int64_t> flipped =
      steps_to_flip(subject.model.data().positions(), affordable(subject, subject.model.data().positions(), 16));
  const auto count = static_cast<int64_t>(flipped.size());
  // The image without a flip takes as many looks as a batch has rows.
  const bool all = count == subject.model.data().positions();
  const int64_t size = std::min(rows_at_a_time(subject.model.data()), all ? count : (count + 3) / 4);
  std::vector<Batch> images = {noise_row(subject)};
  for (int64_t i = 0; i < std::min(kImages, subject.rows.count()); ++i) images.push_back(subject.rows.slice(i, i + 1));
  struct Case {
    size_t image;
    int64_t component;
  };
  std::vector<Case> cases;
  for (const int64_t component : subject.components) {
    for (size_t i = 0; i < images.size(); ++i) cases.push_back({i, component});
  }
  std::vector<Leaks> found(cases.size());
  const auto all_cases = static_cast<int64_t>(cases.size());
  run_share(subject.ranks, subject.pool, all_cases, [&](int64_t index) {
    const Case& c = cases[static_cast<size_t>(index)];
    // The same shape and the same row in both, so that nothing but the flip can change a bit.
    const Tensor unflipped = parallel_logits(subject, repeated(images[c.image], 0, size), c.component);
    for (int64_t begin = 0; begin < count; begin += size) {
      const auto steps =
          std::span(flipped).subspan(static_cast<size_t>(begin), static_cast<size_t>(std::min(size, count - begin)));
      find_leaks(subject, images[c.image], c.component, steps, size, unflipped, found[static_cast<size_t>(index)]);
    }
  });
  all_gather_shares(subject.ranks, all_cases, found.data(), [](int64_t index) { return index; });
  int64_t leaking = 0;
  const Leaks* first = nullptr;
  for (const Leaks& leaks : found) {
    leaking += leaks.count;
    if (!first && leaks.count > 0) first = &leaks;
  }
  ProofCheck check = {"no leak", leaking == 0, static_cast<double>(leaking), 0, {}};
  check.finding = fmt::format("{} flips, {} of {} images: logits up to it keep their bits", all_cases * count,
                              all ? "each step" : fmt::format("{} steps, evenly spread,", count), images.size());
  if (first) {
    const std::vector<int64_t>& order = subject.model.order(first->component);
    check.finding = fmt::format(
        "the logit of step {} (position {}) changed when the symbol of step {} (position {}) was flipped, which comes "
        "{}: {} of {} flips leak; the NLL of this model means nothing",
        first->seen, order[static_cast<size_t>(first->seen)], first->flipped,
        order[static_cast<size_t>(first->flipped)], first->seen == first->flipped ? "with it" : "later", leaking,
        all_cases * count);
  }
  return check;
}

}  // namespace mlrun
