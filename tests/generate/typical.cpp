// Typical acceptance: a law of its own, which can be computed for small models.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "catch.hpp"
#include "generate/draw.hpp"
#include "generate/enumerated.hpp"
#include "generate/sampler.hpp"
#include "generate/speculative.hpp"
#include "models/battery.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

Tensor logits_of(const Built& b, const Batch& batch) {
  Pass pass(*b.parameters);
  return b.autoregressive().logits(pass, b.autoregressive().ordered(batch)).value();
}

// log of the product over the steps of what is drawn: the likeliest symbol of q where it is typical of p, else p(x).
std::vector<double> log_law(const Built& model, const Built& draft, const Batch& all, const DrawLaw& law) {
  const DataSpec& data = model.autoregressive().data();
  const Tensor logits = logits_of(model, all), drafted = logits_of(draft, all);
  const int64_t steps = data.positions(), width = data.alphabet == 2 ? 1 : data.alphabet;
  std::vector<double> found;
  for (int64_t i = 0; i < all.count(); ++i) {
    double sum = 0;
    for (int64_t t = 0; t < steps; ++t) {
      const float* of_model = logits.data<float>() + (i * steps + t) * width;
      const std::vector<double> p = probabilities(of_model, data.alphabet, law),
                                q = probabilities(drafted.data<float>() + (i * steps + t) * width, data.alphabet, law);
      double entropy = 0;
      for (const double x : p) entropy -= x * std::log(x);
      const double least = std::min(law.typical, std::sqrt(law.typical) * std::exp(-entropy));
      const auto likeliest = static_cast<size_t>(std::max_element(q.begin(), q.end()) - q.begin());
      const auto x = static_cast<size_t>(all.symbols.data<int32_t>()[i * steps + t]);
      sum += std::log(p[likeliest] >= least ? static_cast<double>(x == likeliest) : p[x]);
    }
    found.push_back(sum);
  }
  return found;
}

}  // namespace

TEST_CASE("with typical acceptance samples follow the law that it says, for any number of proposals") {
  LanePool pool(2), other(3);
  for (const int64_t alphabet : {2, 3}) {
    const DataSpec data{.shape = {5}, .alphabet = alphabet, .classes = 0};
    const Built model = build("sequence", data, {"width=8", "layers=2", "mixer.kind=attention", "mixer.heads=2"}, 3),
                draft = build("made", data, {"hidden=[5]"}, 9);
    const Batch all = every_sequence(data);
    bool differed = false;
    int64_t sequences = 0;  // that were told apart by the law of one epsilon
    for (const double epsilon : {0.09, 0.3, 0.6, 1.0}) {
      const DrawLaw law{.typical = epsilon};
      const std::vector<double> expected = log_law(model, draft, all, law);
      for (const int64_t ahead : {1, 3}) {
        SampleOptions options{.count = 20000, .seed = 5, .law = law};
        options.draft = {.model = &draft.autoregressive(), .parameters = draft.parameters.get(), .ahead = ahead};
        const Sampler sampler(model.autoregressive(), *model.parameters);
        const auto drawn = sampler.draw_labelled(options, pool);
        const Fit fit = fit_of(alphabet, drawn.symbols, expected);
        INFO(alphabet << " symbols, epsilon " << epsilon << ", ahead " << ahead << ": chi-square " << fit.chi_squared
                      << " of " << fit.freedom);
        if (fit.freedom > 0) CHECK(fit.chi_squared < fit.limit());
        sequences = std::max(sequences, fit.freedom);
        std::vector<double> log_p;
        for (const double nll : model.model->nll(*model.parameters, all)) log_p.push_back(-nll);
        const Fit exact = fit_of(alphabet, drawn.symbols, log_p);
        differed |= exact.chi_squared > 2 * exact.limit();
        const auto again = sampler.draw_labelled(options, other);
        CHECK(std::memcmp(again.symbols.raw(), drawn.symbols.raw(), drawn.symbols.bytes()) == 0);
      }
    }
    CHECK(differed);
    CHECK(sequences > 3);
  }
}

TEST_CASE("a symbol is typical by its probability and the entropy") {
  const std::vector<float> even(8, 0.0f), sure = {9, 0, 0, 0, 0, 0, 0, 0};
  const DrawLaw law{.typical = 0.09};
  for (int32_t k = 0; k < 8; ++k) CHECK(is_typical(even.data(), 8, k, law));  // 1/8 against 0.3 / 8
  CHECK(is_typical(sure.data(), 8, 0, law));
  CHECK_FALSE(is_typical(sure.data(), 8, 1, law));
  CHECK(is_typical(sure.data(), 8, 1, {.temperature = 100, .typical = 0.09}));
  CHECK_FALSE(DrawLaw{.typical = 0.09}.is_exact());
  CHECK(DrawLaw{.typical = 0.09}.words() == "typical acceptance 0.09: not the model's own");
}
