// The battery: every registered model must pass all of it, so that adding a model needs no test of its own.
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "base/lanes.hpp"
#include "config/document.hpp"
#include "models/model.hpp"

using namespace mlrun;

namespace {

struct Built {
  std::unique_ptr<ParameterArena> parameters = std::make_unique<ParameterArena>();
  std::unique_ptr<Model> model;
  const AutoregressiveModel& autoregressive() const { return *model->autoregressive(); }
};

Built build(const std::string& kind, const DataSpec& data, const std::vector<std::string>& overrides,
            uint64_t seed = 3) {
  config::Diagnostics diagnostics;
  std::vector<std::string> all = {"model.kind=" + kind};
  for (const std::string& o : overrides) all.push_back("model." + o);
  const config::Document document = config::Document::from_text("", "battery", all, diagnostics);
  config::Reader section = document.root().section("model");
  const auto choice = model_kinds().choose(section);
  document.root().finish();
  diagnostics.throw_if_any();
  Built b;
  b.model = choice.build(data, Scope(*b.parameters, seed));
  b.parameters->allocate();
  b.parameters->initialise(seed);
  // Initial weights may be zero (a linear model's): a model that has learned nothing hides its leaks.
  for (size_t i = 0; i < b.parameters->parameters().size(); ++i) {
    Tensor w = b.parameters->value(i);
    const RandomStream noise(7, b.parameters->parameters()[i].path);
    for (int64_t k = 0; k < w.count(); ++k) {
      float& x = w.data<float>()[k];
      // What a mask forbids stays exactly 0, as in training; a parameter that starts at 0 altogether is free.
      if (x != 0) x += static_cast<float>(0.5 * noise.normal(static_cast<uint64_t>(k)));
    }
  }
  return b;
}

// Some gradient steps away from the start, by the model's own gradients, which respect its masks.
void wander(const Built& b, const DataSpec& data, int steps);

Batch random_batch(const DataSpec& data, int64_t count, uint64_t seed) {
  const RandomStream noise(seed, "battery");
  Batch batch;
  batch.symbols = Tensor({count, data.positions()}, DType::kS32);
  for (int64_t i = 0; i < batch.symbols.count(); ++i) {
    batch.symbols.data<int32_t>()[i] =
        static_cast<int32_t>(noise.below(static_cast<uint64_t>(i), static_cast<uint64_t>(data.alphabet)));
  }
  return batch;
}

void wander(const Built& b, const DataSpec& data, int steps) {
  for (int s = 0; s < steps; ++s) {
    Tensor gradients = b.parameters->like();
    Pass pass(*b.parameters, gradients, s, RandomStream(1, "wander"));
    const Variable loss = b.model->loss(pass, random_batch(data, 8, static_cast<uint64_t>(100 + s)));
    pass.backward(loss, 1.0f);
    float* w = b.parameters->flat().data<float>();
    for (int64_t i = 0; i < gradients.count(); ++i) w[i] -= 0.05f * gradients.data<float>()[i];
  }
}

struct Case {
  std::string kind;
  std::vector<std::string> overrides;
  DataSpec data;
};

// Every registered kind with its defaults made small, and the options that change its structure.
std::vector<Case> cases(const DataSpec& data) {
  std::vector<Case> all;
  for (const auto& [kind, entry] : model_kinds().kinds()) {
    std::vector<std::vector<std::string>> variants = {{}};
    if (kind == "made") {
      variants = {{"hidden=13"},
                  {"hidden=17,11", "direct=true", "order=random", "activation=tanh"},
                  {"hidden=9,14", "masks=3", "direct=true", "activation=tanh"},
                  {"hidden=12", "masks=2", "order=random", "activation=sigmoid"}};
    }
    if (kind == "nade") variants = {{"hidden=16"}, {"hidden=7", "order=random"}};
    if (kind == "fvsbn") variants = {{}, {"order=random"}};
    for (const auto& variant : variants) all.push_back({kind, variant, data});
  }
  return all;
}

bool takes(const std::string& kind, const DataSpec& data) { return kind != "nade" || data.alphabet == 2; }

std::vector<Case> all_cases(const Shape& shape) {
  std::vector<Case> all = cases({.shape = shape, .alphabet = 2, .classes = 0});
  for (const Case& c : cases({.shape = shape, .alphabet = 3, .classes = 0})) {
    if (takes(c.kind, c.data)) all.push_back(c);
  }
  return all;
}

std::string name_of(const Case& c) {
  std::string name = c.kind + " alphabet " + std::to_string(c.data.alphabet);
  for (const std::string& o : c.overrides) name += " " + o;
  return name;
}

}  // namespace

TEST_CASE("the probabilities of all images of a small grid sum to 1") {
  for (const Case& c : all_cases({2, 3})) {
    const Built b = build(c.kind, c.data, c.overrides);
    wander(b, c.data, 5);
    int64_t count = 1;
    for (int64_t i = 0; i < c.data.positions(); ++i) count *= c.data.alphabet;
    Batch batch;
    batch.symbols = Tensor({count, c.data.positions()}, DType::kS32);
    for (int64_t i = 0; i < count; ++i) {
      int64_t rest = i;
      for (int64_t p = 0; p < c.data.positions(); ++p, rest /= c.data.alphabet) {
        batch.symbols.data<int32_t>()[i * c.data.positions() + p] = static_cast<int32_t>(rest % c.data.alphabet);
      }
    }
    double total = 0;
    for (const double nll : b.model->nll(*b.parameters, batch)) total += std::exp(-nll);
    INFO(name_of(c));
    CHECK(total == Approx(1.0).margin(2e-5));
  }
}

TEST_CASE("no logit sees its own position or a later one") {
  for (const Case& c : all_cases({3, 4})) {
    const Built b = build(c.kind, c.data, c.overrides);
    wander(b, c.data, 5);
    const AutoregressiveModel& model = b.autoregressive();
    const int64_t d = c.data.positions();
    for (int64_t component = 0; component < model.components(); ++component) {
      Batch batch = random_batch(c.data, 1, 5);
      Pass before(*b.parameters);
      const Tensor y0 = model.logits(before, batch, component).value().clone();
      const int64_t width = y0.count() / d;
      for (int64_t t = 0; t < d; ++t) {
        Batch flipped;
        flipped.symbols = batch.symbols.clone();
        int32_t& s = flipped.symbols.data<int32_t>()[model.order(component)[static_cast<size_t>(t)]];
        s = static_cast<int32_t>((s + 1) % c.data.alphabet);
        Pass after(*b.parameters);
        const Tensor y1 = model.logits(after, flipped, component).value();
        INFO(name_of(c) << ", component " << component << ", step " << t);
        bool same = true;
        for (int64_t k = 0; k < (t + 1) * width; ++k) same = same && y0.data<float>()[k] == y1.data<float>()[k];
        CHECK(same);
      }
    }
  }
}

TEST_CASE("a later logit does see an earlier position") {
  for (const Case& c : all_cases({3, 4})) {
    const Built b = build(c.kind, c.data, c.overrides);
    wander(b, c.data, 10);
    const AutoregressiveModel& model = b.autoregressive();
    Batch batch = random_batch(c.data, 1, 5), flipped;
    flipped.symbols = batch.symbols.clone();
    int32_t& s = flipped.symbols.data<int32_t>()[model.order(0)[0]];
    s = static_cast<int32_t>((s + 1) % c.data.alphabet);
    Pass one(*b.parameters), two(*b.parameters);
    const Tensor y0 = model.logits(one, batch, 0).value(), y1 = model.logits(two, flipped, 0).value();
    double difference = 0;
    for (int64_t i = 0; i < y0.count(); ++i) difference += std::abs(y0.data<float>()[i] - y1.data<float>()[i]);
    INFO(name_of(c));
    CHECK(difference > 1e-6);
  }
}

TEST_CASE("the step view gives the logits of the parallel view") {
  for (const Case& c : all_cases({4, 5})) {
    const Built b = build(c.kind, c.data, c.overrides);
    wander(b, c.data, 5);
    const AutoregressiveModel& model = b.autoregressive();
    const int64_t n = 5;
    for (int64_t component = 0; component < model.components(); ++component) {
      const Batch batch = random_batch(c.data, n, 11);
      Pass pass(*b.parameters);
      const Tensor parallel = model.logits(pass, batch, component).value();
      const auto view = model.step_view(*b.parameters, component),
                 slow = model.default_step_view(*b.parameters, component);
      const auto stepper = view->begin(n), reference = slow->begin(n);
      const int64_t d = c.data.positions(), width = parallel.count() / (n * d);
      for (int64_t t = 0; t < d; ++t) {
        Tensor y({n, width}), z({n, width});
        stepper->logits(y.data<float>());
        reference->logits(z.data<float>());
        std::vector<int32_t> symbols;
        for (int64_t i = 0; i < n; ++i) {
          for (int64_t k = 0; k < width; ++k) {
            const float expected = parallel.data<float>()[(i * d + t) * width + k];
            INFO(name_of(c) << ", component " << component << ", step " << t << ", image " << i);
            CHECK(y.data<float>()[i * width + k] == Approx(expected).margin(2e-5));
            CHECK(z.data<float>()[i * width + k] == Approx(expected).margin(2e-5));
          }
          symbols.push_back(batch.symbols.data<int32_t>()[i * d + model.order(component)[static_cast<size_t>(t)]]);
        }
        stepper->observe(symbols.data());
        reference->observe(symbols.data());
      }
    }
  }
}

TEST_CASE("the gradient of the loss agrees with differences, in a random direction") {
  for (const Case& c : all_cases({3, 3})) {
    const Built b = build(c.kind, c.data, c.overrides);
    wander(b, c.data, 3);
    const Batch batch = random_batch(c.data, 6, 17);
    Tensor gradients = b.parameters->like();
    {
      Pass pass(*b.parameters, gradients, 0, RandomStream(1, "battery"));
      pass.backward(b.model->loss(pass, batch), 1.0f);
    }
    // A direction that leaves alone what the model keeps at exactly 0.
    const RandomStream noise(23, "direction");
    Tensor& w = b.parameters->flat();
    std::vector<float> direction(static_cast<size_t>(w.count()));
    double slope = 0;
    for (int64_t i = 0; i < w.count(); ++i) {
      if (gradients.data<float>()[i] == 0) continue;
      direction[static_cast<size_t>(i)] = static_cast<float>(noise.normal(static_cast<uint64_t>(i)));
      slope += static_cast<double>(gradients.data<float>()[i]) * direction[static_cast<size_t>(i)];
    }
    const auto loss_at = [&](float eps) {
      for (int64_t i = 0; i < w.count(); ++i) w.data<float>()[i] += eps * direction[static_cast<size_t>(i)];
      double total = 0;
      Pass pass(*b.parameters, gradients, 0, RandomStream(1, "battery"));
      total = static_cast<double>(b.model->loss(pass, batch).value().data<float>()[0]);
      for (int64_t i = 0; i < w.count(); ++i) w.data<float>()[i] -= eps * direction[static_cast<size_t>(i)];
      return total;
    };
    const float eps = 1e-3f;
    const double measured = (loss_at(eps) - loss_at(-eps)) / (2.0 * static_cast<double>(eps));
    INFO(name_of(c));
    CHECK(measured == Approx(slope).epsilon(0.03).margin(0.05));
  }
}

TEST_CASE("the same seed builds the same model, and another seed another") {
  for (const Case& c : all_cases({3, 3})) {
    const Built a = build(c.kind, c.data, c.overrides), b = build(c.kind, c.data, c.overrides);
    INFO(name_of(c));
    CHECK(std::equal(a.parameters->flat().data<float>(),
                     a.parameters->flat().data<float>() + a.parameters->flat().count(),
                     b.parameters->flat().data<float>()));
    CHECK(a.parameters->parameter_count() > 0);
  }
}

TEST_CASE("a mixture of masks is the mean of its components' probabilities") {
  const DataSpec data{.shape = {2, 2}, .alphabet = 2, .classes = 0};
  const Built b = build("made", data, {"hidden=9", "masks=3", "order=random"});
  wander(b, data, 4);
  const AutoregressiveModel& model = b.autoregressive();
  REQUIRE(model.components() == 3);
  const Batch batch = random_batch(data, 4, 2);
  std::vector<double> mean(4);
  for (int64_t c = 0; c < 3; ++c) {
    Pass pass(*b.parameters);
    const Tensor nll = negative_log_likelihood(model.logits(pass, batch, c), model.ordered_symbols(batch, c)).value();
    for (size_t i = 0; i < 4; ++i) mean[i] += std::exp(-static_cast<double>(nll.data<float>()[i])) / 3;
  }
  const std::vector<double> nll = model.nll(*b.parameters, batch);
  for (size_t i = 0; i < 4; ++i) CHECK(nll[i] == Approx(-std::log(mean[i])).epsilon(1e-6));
}

TEST_CASE("nade refuses data that is not binary, and says what takes it") {
  try {
    build("nade", {.shape = {4}, .alphabet = 3, .classes = 0}, {"hidden=4"});
    FAIL("built");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::kUsage);
    CHECK(std::string(e.what()).find("made takes any alphabet") != std::string::npos);
  }
}
