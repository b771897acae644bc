// What codes cost in stage one: the prior that is trained along, drawn codes and their gradients, the ELBO.
#include "models/codes/code_prior.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.hpp"
#include "catch.hpp"
#include "models/battery.hpp"
#include "models/codes/code_model.hpp"
#include "models/codes/drawn_codes.hpp"
#include "ops/gradient_check.hpp"
#include "ops/linear.hpp"
#include "tensor/random_tensor.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

std::vector<double> softmax_of(const float* l, int64_t k, double temperature = 1) {
  std::vector<double> p;
  double total = 0;
  for (int64_t i = 0; i < k; ++i) total += p.emplace_back(std::exp(static_cast<double>(l[i]) / temperature));
  for (double& v : p) v /= total;
  return p;
}

struct BuiltPrior {
  ParameterArena arena;
  std::unique_ptr<CodePrior> prior;
  BuiltPrior(const CodeGrid& grid, int64_t alphabet) {
    config::Diagnostics diagnostics;
    const config::Document document =
        config::Document::from_text("", "test", {"rate.kind=prior", "rate.channels=6"}, diagnostics);
    config::Reader section = document.root().section("rate");
    prior = std::make_unique<CodePrior>(CodePriorOptions(section), grid, alphabet, Scope(arena, 3));
    arena.allocate();
    arena.initialise(5);
  }
};

const DataSpec kTiny = {.shape = {2, 4}, .alphabet = 2, .classes = 0};

Built tiny(const std::vector<std::string>& more) {
  std::vector<std::string> options = {"width=4",   "dim=4",           "blocks=0",
                                      "strides=2", "rate.kind=prior", "rate.channels=4"};
  options.insert(options.end(), more.begin(), more.end());
  Built b = build("vqvae", kTiny, options);
  b.model->initialise_from(*b.parameters, random_batch(kTiny, 20, 4), RandomStream(1, "first"));
  return b;
}

}  // namespace

TEST_CASE("the prior over codes sums to 1 over all maps, and no code sees itself or later ones") {
  const CodeGrid square({1}, 1, {.shape = {2, 2}}), levels({2, 2}, 2, {.shape = {4, 8}});
  for (const CodeGrid& grid : {square, levels}) {
    const int64_t k = grid.level_count() == 1 ? 3 : 2, positions = grid.positions();
    const BuiltPrior b(grid, k);
    const Tensor maps = all_images({.shape = grid.shape(1), .alphabet = k, .classes = 0}, 0).symbols;
    Pass pass(b.arena);
    const Tensor log_p = b.prior->log_p(pass, one_hot_codes(maps, k)).value();
    double total = 0;
    for (int64_t m = 0; m < maps.dim(0); ++m) {
      double sum = 0;
      for (int64_t p = 0; p < positions; ++p) {
        sum +=
            static_cast<double>(log_p.data<float>()[(positions * m + p) * k + maps.data<int32_t>()[positions * m + p]]);
      }
      total += std::exp(sum);
    }
    CHECK(total == Approx(1).epsilon(1e-5));
  }
}

TEST_CASE("the weight of the rate rises from 0 over the warmup, and its count of steps is a state") {
  config::Diagnostics diagnostics;
  const config::Document document =
      config::Document::from_text("", "test", {"rate.kind=prior", "rate.weight=0.5", "rate.warmup=4"}, diagnostics);
  config::Reader section = document.root().section("rate");
  ParameterArena arena;
  RateWeight weight(CodePriorOptions(section), Scope(arena, 3));
  for (const float expected : {0.0f, 0.125f, 0.25f, 0.375f, 0.5f, 0.5f}) {
    CHECK(weight.now() == expected);
    weight.after_step();
  }
  REQUIRE(arena.states().size() == 1);
  CHECK(arena.states()[0].value.data<float>()[0] == 4.0f);
}

TEST_CASE("drawn codes are the largest of log-odds and noise, and their gradient that of the tempered softmax") {
  const int64_t rows = 5, k = 3;
  const Tensor l = random_tensor({rows, k}, 3), noise = gumbel_noise({rows, k}, RandomStream(1, "test")),
               w = random_tensor({rows, k}, 9);
  Tape tape;
  const Variable leaf = tape.leaf(l);
  const DrawnCodes drawn = draw_codes(leaf, noise, 0.7);
  tape.backward(ops::sum(ops::mul(drawn.weights, w)));
  for (int64_t i = 0; i < rows; ++i) {
    std::vector<float> noisy;
    for (int64_t j = 0; j < k; ++j) noisy.push_back(l.data<float>()[i * k + j] + noise.data<float>()[i * k + j]);
    const auto most = std::max_element(noisy.begin(), noisy.end()) - noisy.begin();
    CHECK(drawn.codes.data<int32_t>()[i] == most);
    const std::vector<double> s = softmax_of(noisy.data(), k, 0.7);
    double mean = 0;
    for (int64_t j = 0; j < k; ++j) mean += s[static_cast<size_t>(j)] * static_cast<double>(w.data<float>()[i * k + j]);
    for (int64_t j = 0; j < k; ++j) {
      CHECK(drawn.weights.value().data<float>()[i * k + j] == (j == most ? 1.0f : 0.0f));
      const double expected =
          s[static_cast<size_t>(j)] * (static_cast<double>(w.data<float>()[i * k + j]) - mean) / 0.7;
      CHECK(leaf.gradient().data<float>()[i * k + j] == Approx(expected).epsilon(1e-4).margin(1e-6));
    }
  }
}

TEST_CASE("the gradient of drawn codes is exact in the mean for quadratic functions of them") {
  // E f(w) over w ~ softmax(l), f(w) = w . A w + b . w: by enumeration, against the mean of the estimates.
  const Tensor l = random_tensor({1, 3}, 3), a = random_tensor({3, 3}, 5), b = random_tensor({1, 3}, 9);
  const std::vector<double> q = softmax_of(l.data<float>(), 3);
  const auto at = [](const Tensor& t, int64_t i) { return static_cast<double>(t.data<float>()[i]); };
  double mean = 0;
  std::vector<double> f, estimate(3);
  for (int64_t k = 0; k < 3; ++k) mean += q[static_cast<size_t>(k)] * f.emplace_back(at(a, 4 * k) + at(b, k));
  for (int64_t k = 0; k < 3; ++k) {
    Tensor noise = Tensor::zeros({1, 3});
    noise.data<float>()[k] = 100;  // draws k
    Tape tape;
    const Variable leaf = tape.leaf(l);
    const DrawnCodes drawn = draw_codes_reinmax(leaf, noise, 1.0);
    REQUIRE(drawn.codes.data<int32_t>()[0] == k);
    const Variable quadratic = ops::sum(ops::mul(ops::matmul(drawn.weights, a), drawn.weights));
    tape.backward(ops::add(quadratic, ops::sum(ops::mul(drawn.weights, b))));
    for (int64_t j = 0; j < 3; ++j)
      estimate[static_cast<size_t>(j)] += q[static_cast<size_t>(k)] * at(leaf.gradient(), j);
  }
  for (size_t j = 0; j < 3; ++j) CHECK(estimate[j] == Approx(q[j] * (f[j] - mean)).epsilon(1e-3).margin(1e-5));
}

TEST_CASE("the rate of chosen codes reaches the encoder by their own lengths and by the context that they are") {
  const BuiltPrior b(CodeGrid({1}, 1, {.shape = {2, 2}}), 3);
  const Tensor l = random_tensor({4, 3}, 3), codes = Tensor::of({4, 1}, std::vector<int32_t>{0, 2, 1, 2});
  Pass pass(b.arena);
  Tape tape;
  const Variable weights = tape.leaf(one_hot_codes(codes, 3));  // dR/dw
  const Variable rate = code_length(weights, b.prior->log_p(pass, weights));
  double length = 0;
  const Tensor log_p = b.prior->log_p(pass, one_hot_codes(codes, 3)).value();
  for (int64_t i = 0; i < 4; ++i) length -= static_cast<double>(log_p.data<float>()[3 * i + codes.data<int32_t>()[i]]);
  CHECK(rate.value().data<float>()[0] == Approx(length).epsilon(1e-5));
  tape.backward(rate);
  Tape other;
  const Variable leaf = other.leaf(l);
  const Variable chosen = chosen_codes(leaf, codes, 2.0);
  other.backward(code_length(chosen, b.prior->log_p(pass, chosen)));
  double context = 0;
  for (int64_t i = 0; i < 4; ++i) {
    const std::vector<double> s = softmax_of(l.data<float>() + 3 * i, 3, 2.0);
    const auto g = [&](int64_t j) { return static_cast<double>(weights.gradient().data<float>()[3 * i + j]); };
    const double mean = s[0] * g(0) + s[1] * g(1) + s[2] * g(2);
    for (int64_t j = 0; j < 3; ++j) {
      CHECK(leaf.gradient().data<float>()[3 * i + j] ==
            Approx(s[static_cast<size_t>(j)] * (g(j) - mean) / 2.0).epsilon(1e-4).margin(1e-6));
      context += std::abs(g(j) + static_cast<double>(log_p.data<float>()[3 * i + j]));
    }
  }
  CHECK(context > 1e-3);  // more than the codes' own lengths
}

TEST_CASE("the divergence of the codes' law from the prior: its value and its gradient") {
  const Tensor l = random_tensor({4, 3}, 3), p = random_tensor({4, 3}, 4);
  double expected = 0;
  for (int64_t i = 0; i < 4; ++i) {
    const std::vector<double> q = softmax_of(l.data<float>() + 3 * i, 3);
    for (int64_t j = 0; j < 3; ++j) {
      const double qj = q[static_cast<size_t>(j)];
      expected += qj * (std::log(qj) - static_cast<double>(p.data<float>()[3 * i + j]));
    }
  }
  CHECK(code_divergence(l, p).value().data<float>()[0] == Approx(expected).epsilon(1e-5));
  const Graph divergence = [](const std::vector<Variable>& v) { return code_divergence(v[0], v[1]); };
  CHECK(gradient_error(divergence, {l, p}) < kGradientLimit);
}

TEST_CASE("codes that are drawn have the law q(z|x), and an image's draws do not depend on its batch") {
  for (const std::string quantizer : {"gumbel", "ste", "ema", "simvq", "rotation"}) {
    INFO(quantizer);
    const Built b = tiny({"encoder=stochastic", "quantizer.kind=" + quantizer, "quantizer.codes=3"});
    const CodeModel& model = *b.model->code_model();
    CHECK(model.draws_codes());
    const Batch batch = random_batch(kTiny, 11, 8);
    const Encoding all = model.encode(*b.parameters, batch.symbols, 4);
    const Encoding last = model.encode(*b.parameters, batch.symbols.rows(10, 11), 4);
    CHECK(std::equal(last.codes.data<int32_t>(), last.codes.data<int32_t>() + 2, all.codes.data<int32_t>() + 20));
    CHECK(last.log_q[0] == Approx(all.log_q[10]).epsilon(1e-4).margin(1e-6));
    std::map<std::vector<int32_t>, double> share, log_q;
    constexpr int kDraws = 4000;
    const Tensor one = batch.symbols.rows(3, 4);
    for (uint64_t draw = 0; draw < kDraws; ++draw) {
      const Encoding e = model.encode(*b.parameters, one, draw);
      const std::vector<int32_t> codes(e.codes.data<int32_t>(), e.codes.data<int32_t>() + 2);
      share[codes] += 1.0 / kDraws;
      log_q[codes] = e.log_q[0];
    }
    double likeliest = -HUGE_VAL;
    for (const auto& [codes, log] : log_q) {
      CHECK(share[codes] == Approx(std::exp(log)).margin(0.04));
      likeliest = std::max(likeliest, log);
    }
    const Encoding mode = model.encode(*b.parameters, one, std::nullopt);
    CHECK(mode.log_q[0] == Approx(likeliest));
  }
}

TEST_CASE("the loss of an encoder that draws is the ELBO that its evaluation states") {
  for (const std::string quantizer : {"gumbel", "ste"}) {
    INFO(quantizer);
    const Built b = tiny({"encoder=stochastic", "quantizer.kind=" + quantizer, "quantizer.codes=3"});
    const Batch all = all_images(kTiny, 0);
    double evaluated = 0, trained = 0;
    for (const double nll : b.model->nll(*b.parameters, all)) evaluated += nll / 256;
    constexpr uint64_t kPasses = 20;
    for (uint64_t i = 0; i < kPasses; ++i) {
      Tensor gradients = b.parameters->like();
      Pass pass(*b.parameters, gradients, 0, RandomStream(i, "battery"));
      trained += static_cast<double>(b.model->loss(pass, all).value().data<float>()[0]) / 256 / kPasses;
    }
    CHECK(evaluated == Approx(trained).margin(0.25));
    const Reconstruction r = b.model->code_model()->reconstruct(*b.parameters, all.symbols);
    CHECK(r.rate.size() == 256);
  }
}

TEST_CASE("a chosen code's rate is part of the loss, and of what evaluation states") {
  for (const std::string quantizer : {"ste", "ema"}) {
    const auto loss_with = [&](const std::string& weight) {
      const Built b = tiny({"quantizer.kind=" + quantizer, "quantizer.codes=3", "rate.weight=" + weight});
      Tensor gradients = b.parameters->like();
      Pass pass(*b.parameters, gradients, 0, RandomStream(1, "battery"));
      const Batch batch = random_batch(kTiny, 6, 8);
      const double loss = static_cast<double>(b.model->loss(pass, batch).value().data<float>()[0]);
      double rate = 0;
      for (const double r : b.model->code_model()->reconstruct(*b.parameters, batch.symbols).rate) rate += r;
      CHECK(rate > 0);
      return std::pair(loss, rate);
    };
    const auto [none, rate] = loss_with("0");
    CHECK(loss_with("2").first == Approx(none + 2 * rate).epsilon(1e-5));
  }
}

TEST_CASE("a rate needs a quantiser with a law of codes, and drawn codes need a rate") {
  CHECK_THROWS_WITH(build("vqvae", kTiny, {"rate.kind=prior", "quantizer.kind=fsq"}),
                    Catch::Contains("model.quantizer.kind fsq"));
  CHECK_THROWS_WITH(build("vqvae", kTiny, {"encoder=stochastic"}), Catch::Contains("model.rate.kind=prior"));
}
