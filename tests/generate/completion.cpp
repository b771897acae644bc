#include "generate/completion.hpp"

#include <cmath>
#include <cstring>

#include "base/error.hpp"
#include "catch.hpp"
#include "generate/picture.hpp"
#include "generate/predictive.hpp"
#include "models/battery.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

// The first k positions of an order.
Region beginning_of(const std::vector<int64_t>& order, int64_t k) {
  Region region = {.name = "beginning", .known = std::vector<uint8_t>(order.size())};
  for (int64_t t = 0; t < k; ++t) region.known[static_cast<size_t>(order[static_cast<size_t>(t)])] = 1;
  return region;
}

bool refused(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& e) {
    REQUIRE(e.code() == ExitCode::kUsage);
    return true;
  }
  return false;
}

// p of every row of the batch as the mixture of these orders, by the step view alone.
std::vector<double> probabilities_in(const Built& b, const std::vector<std::vector<int64_t>>& orders,
                                     const Batch& batch) {
  const AutoregressiveModel& model = b.autoregressive();
  const int64_t n = batch.count(), d = model.data().positions(), width = logits_per_step(model.data().alphabet);
  std::vector<double> mean(static_cast<size_t>(n));
  for (const auto& order : orders) {
    std::vector<double> log_p(static_cast<size_t>(n));
    const auto view = model.step_view_in(*b.parameters, order);
    const auto stepper = view->begin(n, batch.labels.data<int32_t>());
    std::vector<float> logits(static_cast<size_t>(n * width));
    for (const int64_t position : order) {
      std::vector<int32_t> symbols;
      stepper->logits(logits.data());
      for (int64_t i = 0; i < n; ++i) {
        symbols.push_back(batch.symbols.data<int32_t>()[i * d + position]);
        log_p[static_cast<size_t>(i)] +=
            log_probability(logits.data() + i * width, model.data().alphabet, symbols.back());
      }
      stepper->observe(symbols.data());
    }
    for (size_t i = 0; i < mean.size(); ++i) mean[i] += std::exp(log_p[i]) / static_cast<double>(orders.size());
  }
  return mean;
}

// -log(p(x) / sum of p over all images with the same known part), from p of all images.
std::vector<double> by_enumeration(const std::vector<double>& p, const Batch& images, const Region& region) {
  const int64_t d = images.symbols.dim(1);
  const auto same_known = [&](size_t i, size_t j) {
    for (int64_t q = 0; q < d; ++q) {
      if (region.known[static_cast<size_t>(q)] != 0 &&
          images.symbols.data<int32_t>()[static_cast<int64_t>(i) * d + q] !=
              images.symbols.data<int32_t>()[static_cast<int64_t>(j) * d + q])
        return false;
    }
    return true;
  };
  std::vector<double> nll;
  for (size_t i = 0; i < p.size(); ++i) {
    double total = 0;
    for (size_t j = 0; j < p.size(); ++j) total += same_known(i, j) ? p[j] : 0;
    nll.push_back(std::log(total) - std::log(p[i]));
  }
  return nll;
}

}  // namespace

TEST_CASE("the likelihood of the rest is that of all over that of the known part, summed out by enumeration") {
  int mixtures = 0, labelled = 0, of_every_order = 0;
  for (const Case& c : all_cases({2, 3})) {
    if (c.data.alphabet == 3 && c.kind == "eonade" && c.data.classes > 0) continue;  // much the same, and slow
    const Built b = build(c.kind, c.data, c.overrides);
    wander(b, c.data, 5);
    const AutoregressiveModel& model = b.autoregressive();
    const Region region = model.any_order() ? region_named("checker", c.data) : beginning_of(model.order(0), 3);
    INFO(name_of(c));
    std::unique_ptr<Completer> completer;
    if (refused([&] { completer = std::make_unique<Completer>(model, *b.parameters, region); })) {
      CHECK(model.components() > 1);  // whose orders differ
      continue;
    }
    const int64_t classes = std::max<int64_t>(1, model.classes());
    std::vector<std::vector<double>> p;  // by class: p(x|y), or p(x, y)
    for (int64_t y = 0; y < classes; ++y) {
      const Batch images = all_images(c.data, static_cast<int32_t>(y));
      if (model.any_order()) {
        p.push_back(probabilities_in(b, completer->orders(), images));
        const double prior =
            model.conditional() ? std::exp(model.log_class_prior(*b.parameters)[static_cast<size_t>(y)]) : 1;
        for (double& v : p.back()) v *= prior;
      } else {
        p.push_back(model.nll(*b.parameters, images));
        for (double& v : p.back()) v = std::exp(-v);
      }
    }
    const Batch images = all_images(c.data, static_cast<int32_t>(classes - 1));
    std::vector<double> over_classes(p[0].size());
    for (const auto& of_class : p) {
      for (size_t i = 0; i < of_class.size(); ++i) over_classes[i] += of_class[i];
    }
    const RegionNll nll = completer->nll(images);
    const std::vector<double> expected = by_enumeration(over_classes, images, region);
    for (size_t i = 0; i < expected.size(); ++i) CHECK(nll.unlabelled[i] == Approx(expected[i]).margin(2e-4));
    REQUIRE(nll.labelled.size() == (model.conditional() ? expected.size() : 0));
    const std::vector<double> given = by_enumeration(p.back(), images, region);
    for (size_t i = 0; i < nll.labelled.size(); ++i) CHECK(nll.labelled[i] == Approx(given[i]).margin(2e-4));
    mixtures += model.components() > 1, labelled += model.conditional(), of_every_order += model.any_order();
  }
  CHECK(mixtures >= 2);
  CHECK(labelled >= 4);
  CHECK(of_every_order >= 3);
}

TEST_CASE("completions keep what is known, and follow the law of the rest given it") {
  const DataSpec plain{.shape = {2, 3}, .alphabet = 2, .classes = 0},
      classes{.shape = {2, 3}, .alphabet = 2, .classes = 3};
  const std::vector<Case> all = {{"nade", {"hidden=9"}, plain},
                                 {"made", {"hidden=9,14", "masks=3", "direct=true"}, plain},
                                 {"eonade", {"hidden=11", "orders=3"}, plain},
                                 {"eonade", {"hidden=11", "condition=joint"}, classes},
                                 {"made", {"hidden=12", "condition=class"}, classes}};
  for (const Case& c : all) {
    const Built b = build(c.kind, c.data, c.overrides);
    wander(b, c.data, 20);
    const Completer completer(b.autoregressive(), *b.parameters, region_named("top", c.data));
    LanePool pool(2);
    const int64_t n = 20000;
    const Tensor original = Tensor::of({1, 6}, std::vector<int32_t>{0, 1, 1, 1, 0, 0});
    // Without labels: a conditional model draws the class as well.
    const Tensor drawn = completer.draw(original, {5}, {}, {.per_image = n, .seed = 3}, pool);
    std::vector<double> counts(8);
    for (int64_t k = 0; k < n; ++k) {
      const int32_t* s = drawn.data<int32_t>() + k * 6;
      REQUIRE(std::memcmp(s, original.raw(), 3 * sizeof(int32_t)) == 0);
      ++counts[static_cast<size_t>(s[3] + 2 * s[4] + 4 * s[5])];
    }
    double chi_squared = 0;
    for (int32_t code = 0; code < 8; ++code) {
      Batch batch;
      batch.symbols = Tensor::of({1, 6}, std::vector<int32_t>{0, 1, 1, code & 1, (code >> 1) & 1, code >> 2});
      const double expected = static_cast<double>(n) * std::exp(-completer.nll(batch).unlabelled[0]);
      chi_squared += std::pow(counts[static_cast<size_t>(code)] - expected, 2) / expected;
    }
    INFO(name_of(c));
    CHECK(chi_squared < 24.3);  // the 99.9th percentile for 7 degrees of freedom; the draw is fixed by the seed
  }
}

TEST_CASE("a completion depends on the seed, its image and its number, and on no unknown pixel") {
  const DataSpec data{.shape = {4, 5}, .alphabet = 2, .classes = 3};
  for (const auto& [kind, overrides] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"made", {"hidden=12", "masks=3"}}, {"eonade", {"hidden=12", "condition=joint", "orders=2"}}}) {
    const Built b = build(kind, data, overrides);
    const Region region = region_named("top", data);
    const Completer completer(b.autoregressive(), *b.parameters, region);
    LanePool one(1), three(3);
    const Batch images = random_batch(data, 4, 8);
    const std::vector<int32_t> labels = kind == "eonade" ? std::vector<int32_t>{0, 2, 1, 1} : std::vector<int32_t>{};
    const Tensor all = completer.draw(images.symbols, {7, 8, 9, 40}, labels, {.per_image = 6, .seed = 2}, one);
    INFO(kind);
    Tensor other = images.symbols.clone();
    for (int64_t p = 0; p < data.positions(); ++p) {
      if (region.known[static_cast<size_t>(p)] == 0) other.data<int32_t>()[3 * data.positions() + p] ^= 1;
    }
    const Tensor last =
        completer.draw(other.rows(3, 4), {40}, labels.empty() ? labels : std::vector<int32_t>{labels[3]},
                       {.per_image = 4, .seed = 2, .batch = 1}, three);
    CHECK(std::memcmp(all.rows(18, 22).raw(), last.raw(), last.bytes()) == 0);
    const Tensor seed = completer.draw(images.symbols, {7, 8, 9, 40}, labels, {.per_image = 6, .seed = 3}, one);
    CHECK(std::memcmp(all.raw(), seed.raw(), all.bytes()) != 0);
    CHECK(std::memcmp(all.rows(0, 1).raw(), all.rows(1, 2).raw(), all.rows(0, 1).bytes()) != 0);
  }
}

TEST_CASE("a part that does not come first is refused, and the parts that do are named") {
  const DataSpec data{.shape = {8, 8}, .alphabet = 2, .classes = 0};
  const struct {
    std::string kind;
    std::vector<std::string> overrides;
    std::string region, part_of_message;
  } cases[] = {{"nade", {"hidden=4"}, "left", "top; rect:0,0,R,8 with R from 1 to 7"},
               {"pixelcnn", {"channels=2", "blocks=1"}, "rect:0,0,3,7", "top; rect:0,0,R,8 with R from 1 to 7"},
               {"fvsbn", {"order=hilbert"}, "bottom", "rect:0,0,4,4"},
               {"nade", {"hidden=4", "order=random"}, "top", "model.kind=eonade"},
               {"made", {"hidden=9", "masks=2", "order=random"}, "top", "0 of the 2 orders of this mixture"}};
  for (const auto& c : cases) {
    const Built b = build(c.kind, data, c.overrides);
    INFO(c.kind << " " << c.overrides.back());
    CHECK_THROWS_WITH(Completer(b.autoregressive(), *b.parameters, region_named(c.region, data)),
                      Catch::Contains(c.part_of_message));
  }
  const Built hilbert = build("fvsbn", data, {"order=hilbert"}), mixture = build("made", data, cases[4].overrides);
  CHECK_NOTHROW(Completer(hilbert.autoregressive(), *hilbert.parameters, region_named("rect:0,0,4,4", data)));
  // Of one order of a mixture alone.
  CHECK_THROWS_WITH(
      Completer(mixture.autoregressive(), *mixture.parameters, beginning_of(mixture.autoregressive().order(1), 9)),
      Catch::Contains("1 of the 2 orders"));
}

TEST_CASE("a row of the picture is the original, what is known of it on grey, and its completions") {
  const DataSpec data{.shape = {1, 2}, .alphabet = 2, .classes = 0};
  const Tensor originals = Tensor::of({2, 2}, std::vector<int32_t>{1, 1, 0, 1});
  const Tensor completions = Tensor::of({4, 2}, std::vector<int32_t>{1, 0, 1, 1, 0, 0, 0, 1});
  const auto rows = completion_rows(images_of(originals, data), {1, 0}, images_of(completions, data));
  REQUIRE(rows.size() == 8);
  CHECK(rows[0].pixels == std::vector<uint8_t>{255, 255});
  CHECK(rows[1].pixels == std::vector<uint8_t>{255, 96});
  CHECK(rows[2].pixels == std::vector<uint8_t>{255, 0});
  CHECK(rows[4].pixels == std::vector<uint8_t>{0, 255});
  CHECK(rows[5].pixels == std::vector<uint8_t>{0, 96});
  CHECK(rows[7].pixels == std::vector<uint8_t>{0, 255});
}
