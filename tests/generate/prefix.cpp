// Samples that begin with something known.
#include <cmath>
#include <map>

#include "catch.hpp"
#include "generate/sampler.hpp"
#include "models/battery.hpp"
#include "models/modelled.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

const DataSpec kFour = {.shape = {4}, .alphabet = 3, .classes = 0};

// p(x) of all 81 rows by the model's nll.
std::map<std::vector<int32_t>, double> law_of(const Built& b, const DataSpec& data) {
  std::map<std::vector<int32_t>, double> law;
  const Batch all = all_images(data, 0);
  const std::vector<double> nll = b.model->nll(*b.parameters, all);
  for (size_t i = 0; i < nll.size(); ++i) {
    const int32_t* row = all.symbols.data<int32_t>() + static_cast<int64_t>(i) * 4;
    law[{row, row + 4}] = std::exp(-nll[i]);
  }
  return law;
}

}  // namespace

TEST_CASE("what follows a prefix is drawn from the model's law given it, also by a mixture") {
  LanePool pool(2);
  const DataSpec square = {.shape = {2, 2}, .alphabet = 3, .classes = 0};
  const std::vector<Case> models = {{"made", {"hidden=8"}, kFour},
                                    {"made", {"hidden=8", "masks=3"}, kFour},
                                    {"pixelcnn", {"channels=4", "blocks=1", "head=5"}, square}};
  for (const Case& c : models) {
    const Built b = build(c.kind, c.data, c.overrides);
    const auto law = law_of(b, c.data);
    double total = 0;
    for (const auto& [row, p] : law) total += row[0] == 2 && row[1] == 0 ? p : 0;
    for (const SampleMethod method : {SampleMethod::kSequential, SampleMethod::kPredictive}) {
      if (method == SampleMethod::kPredictive && !b.autoregressive().views_share_bits()) continue;
      const int64_t n = 20000;
      const Tensor drawn =
          Sampler(b.autoregressive(), *b.parameters)
              .draw({.count = n, .seed = 3, .method = method, .prefix = Tensor::of({1, 2}, std::vector<int32_t>{2, 0})},
                    pool);
      std::map<std::vector<int32_t>, int64_t> counts;
      for (int64_t i = 0; i < n; ++i) ++counts[{drawn.data<int32_t>() + 4 * i, drawn.data<int32_t>() + 4 * i + 4}];
      CHECK(counts.size() <= 9);
      for (const auto& [row, count] : counts) {
        REQUIRE((row[0] == 2 && row[1] == 0));
        const double p = law.at(row) / total, spread = std::sqrt(p * (1 - p) / static_cast<double>(n));
        CHECK(std::abs(static_cast<double>(count) / static_cast<double>(n) - p) < 5 * spread + 1e-9);
      }
    }
  }
}

TEST_CASE("each sample may have a prefix of its own, and a shorter length ends earlier") {
  LanePool pool(1);
  const Built b = build("made", kFour, {"hidden=8"});
  const Sampler sampler(b.autoregressive(), *b.parameters);
  const std::vector<int32_t> starts = {0, 1, 2, 1, 0};
  SampleOptions options = {.count = 5, .seed = 2, .batch = 2, .prefix = Tensor::of({5, 1}, starts)};
  const Tensor whole = sampler.draw(options, pool);
  options.length = 2;
  const Tensor part = sampler.draw(options, pool);
  CHECK(part.shape() == Shape{5, 2});
  for (int64_t i = 0; i < 5; ++i) {
    CHECK(whole.data<int32_t>()[4 * i] == starts[static_cast<size_t>(i)]);
    for (int64_t t = 0; t < 2; ++t) CHECK(part.data<int32_t>()[2 * i + t] == whole.data<int32_t>()[4 * i + t]);
  }
}

TEST_CASE("prefixes and lengths that a model cannot do are refused") {
  LanePool pool(1);
  const Built raster = build("made", kFour, {"hidden=8"}), random = build("made", kFour, {"hidden=8", "order=random"});
  const auto draw = [&](const Built& b, const SampleOptions& options) {
    Sampler(b.autoregressive(), *b.parameters).draw(options, pool);
  };
  const Tensor two = Tensor::of({1, 2}, std::vector<int32_t>{1, 1});
  using Catch::Contains;
  CHECK_THROWS_WITH(draw(raster, {.length = 5}), Contains("sequences of 4 symbols and knows no longer ones"));
  CHECK_THROWS_WITH(draw(raster, {.prefix = two, .length = 2}), Contains("nothing to draw"));
  CHECK_THROWS_WITH(draw(random, {.prefix = two}), Contains("model.order=raster"));
  CHECK_THROWS_WITH(draw(random, {.length = 3}), Contains("model.order=raster"));
}

TEST_CASE("the likelihood of data with a question is that of the answer, and any order but theirs is refused") {
  const DataSpec given = {.shape = {4}, .alphabet = 3, .classes = 0, .given = 2};
  const Built whole = build("made", kFour, {"hidden=8"}), answer = build("made", given, {"hidden=8"});
  std::map<std::pair<int32_t, int32_t>, double> of_question, sums;
  const auto law = law_of(whole, kFour);
  for (const auto& [row, p] : law) of_question[{row[0], row[1]}] += p;
  for (const auto& [row, p] : law_of(answer, given)) {
    CHECK(p == Approx(law.at(row) / of_question[{row[0], row[1]}]).epsilon(1e-4));
    sums[{row[0], row[1]}] += p;
  }
  for (const auto& [question, sum] : sums) CHECK(sum == Approx(1).epsilon(1e-5));
  CHECK_NOTHROW(answer.model->require_question_first());
  CHECK_THROWS_WITH(build("made", given, {"hidden=8", "order=random"}).model->require_question_first(),
                    Catch::Contains("first 2 symbols of this data are a question"));
}

TEST_CASE("training on data with a question leaves the logits of the question without a gradient") {
  const Built b = build("fvsbn", {.shape = {6}, .alphabet = 2, .classes = 0, .given = 5}, {});
  Tensor gradients = b.parameters->like();
  Statistics statistics = b.parameters->statistics();
  Pass pass(*b.parameters, gradients, 0, RandomStream(1, "test"), {.statistics = &statistics});
  const Batch batch = random_batch({.shape = {6}, .alphabet = 2, .classes = 0}, 7, 1);
  const Variable loss = b.model->loss(pass, batch);
  double sum = 0;
  for (const double nll : b.model->nll(*b.parameters, batch)) sum += nll;
  CHECK(static_cast<double>(loss.value().data<float>()[0]) == Approx(sum).epsilon(1e-5));
  pass.backward(loss, 1);
  int64_t moved = 0;
  for (size_t i = 0; i < b.parameters->parameters().size(); ++i) {
    if (b.parameters->parameters()[i].kind != ParameterKind::kBias) continue;
    const Tensor bias = b.parameters->window(gradients, i);
    for (int64_t k = 0; k < bias.count(); ++k) moved += bias.data<float>()[k] != 0 ? 1 : 0;
  }
  CHECK(moved == 1);
}
