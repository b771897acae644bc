// Every registered quantiser. Differences say nothing of a function that is constant almost everywhere, so what is
// tested is each one's own rule.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "catch.hpp"
#include "models/built_quantizer.hpp"
#include "ops/elementwise.hpp"
#include "ops/reduce.hpp"
#include "registered.hpp"
#include "tensor/random_tensor.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

// Options that make every kind small. A kind that is new is tested with its defaults.
std::vector<std::vector<std::string>> variants() {
  std::vector<std::vector<std::string>> all;
  for (const auto& [name, kind] : registered(quantizer_kinds())) {
    const std::string chosen = "kind=" + name;
    if (name == "fsq") all.push_back({chosen, "levels=3,4"});
    else if (name == "lfq") all.push_back({chosen, "bits=3"});
    else if (name == "residual") {
      all.push_back({chosen, "levels=3", "of.codes=5"});
      all.push_back({chosen, "of.kind=fsq", "of.levels=3,3"});
    } else if (name == "grouped") {
      all.push_back({chosen, "groups=3", "of.codes=5"});
      all.push_back({chosen, "groups=2", "of.kind=residual", "of.of.codes=4"});
    } else all.push_back({chosen, "codes=7"});
  }
  for (const std::string kind : {"ste", "ema", "rotation"}) {
    all.push_back({"kind=" + kind, "codes=7", "distance=cosine"});
    all.push_back({"kind=" + kind, "codes=7", "code_dim=2", "initial=normal"});
  }
  all.push_back({"kind=ema", "codes=7", "rate=0.5"});
  return all;
}

std::string name_of(const std::vector<std::string>& options) {
  std::string name;
  for (const std::string& o : options) name += o + " ";
  return name;
}

}  // namespace

TEST_CASE("codes are of the alphabet, and give back the vectors that went to the decoder") {
  for (const auto& options : variants()) {
    INFO(name_of(options));
    BuiltQuantizer b(options);
    Pass pass(b.arena);
    const Quantized q = b.quantizer->quantize(pass, pass(b.z));
    CHECK(q.vectors.shape() == Shape{kRows, kDim});
    REQUIRE(q.codes.shape() == Shape{kRows, b.quantizer->symbols()});
    for (int64_t i = 0; i < q.codes.count(); ++i) {
      REQUIRE(q.codes.data<int32_t>()[i] >= 0);
      REQUIRE(q.codes.data<int32_t>()[i] < b.quantizer->alphabet());
    }
    CHECK(difference(b.quantizer->vectors(pass, q.codes), numbers(q.vectors.value())) < 1e-5);
    CHECK(q.squared_error > 0);
    const std::vector<int32_t> codes(q.codes.data<int32_t>(), q.codes.data<int32_t>() + q.codes.count());
    CHECK(*std::max_element(codes.begin(), codes.end()) > *std::min_element(codes.begin(), codes.end()));
  }
}

TEST_CASE("vectors that are quantised stay what they are: the vectors of codes have these codes") {
  for (const auto& options : variants()) {
    const std::string name = name_of(options);
    // Where codes are chosen in a space of its own, behind a map, or by more than distance, it does not hold.
    if (name.find("residual") != std::string::npos || name.find("gumbel") != std::string::npos ||
        name.find("rate=") != std::string::npos || name.find("fsq") != std::string::npos ||
        name.find("lfq") != std::string::npos || name.find("code_dim") != std::string::npos)
      continue;
    INFO(name);
    BuiltQuantizer b(options);
    Pass pass(b.arena);
    const Quantized q = b.quantizer->quantize(pass, pass(b.z));
    const Quantized again = b.quantizer->quantize(pass, q.vectors.value());
    CHECK(std::equal(q.codes.data<int32_t>(), q.codes.data<int32_t>() + q.codes.count(), again.codes.data<int32_t>()));
    CHECK(again.squared_error < 1e-6);
  }
}

TEST_CASE("straight through is exact: the gradient of the vectors is that of z") {
  for (const std::vector<std::string>& options : std::vector<std::vector<std::string>>{
           {"kind=ste", "codes=7"},
           {"kind=ema", "codes=7"},
           {"kind=simvq", "codes=7"},
           {"kind=lfq", "bits=6", "normalise=false"},
           {"kind=residual", "levels=3", "of.codes=5"},
           {"kind=grouped", "groups=3", "of.codes=5"},
           {"kind=grouped", "groups=2", "of.kind=residual", "of.of.kind=ste", "of.of.codes=4"}}) {
    INFO(name_of(options));
    BuiltQuantizer b(options);
    Tensor gradients = b.arena.like();
    const Tensor w = random_tensor({kRows, kDim}, 9);
    Pass pass(b.arena, gradients, 0, RandomStream(1, "test"));
    pass.backward(ops::sum(ops::mul(b.quantizer->quantize(pass, pass(b.z)).vectors, w)), 1.0f);
    CHECK(difference(b.gradient_of(gradients, "z"), numbers(w)) < 1e-6);
  }
}

TEST_CASE("fsq: the gradient is that of the bounds without the rounding") {
  BuiltQuantizer b({"kind=fsq", "levels=5,4", "normalise=false"}, 2);
  Tensor gradients = b.arena.like();
  const Tensor w = random_tensor({kRows, 2}, 9);
  Pass pass(b.arena, gradients, 0, RandomStream(1, "test"));
  pass.backward(ops::sum(ops::mul(b.quantizer->quantize(pass, pass(b.z)).vectors, w)), 1.0f);
  const Tensor dz = b.gradient_of(gradients, "z");
  for (int64_t i = 0; i < kRows; ++i) {
    for (int64_t j = 0; j < 2; ++j) {
      const double levels = j == 0 ? 5 : 4, half = (levels - 1) * 1.001 / 2, offset = j == 0 ? 0 : 0.5;
      const double t = std::tanh(static_cast<double>(b.z.value().data<float>()[2 * i + j]) + std::atanh(offset / half));
      const double slope = half * (1 - t * t) / 2;  // 2 = floor(levels / 2)
      CHECK(dz.data<float>()[2 * i + j] ==
            Approx(slope * static_cast<double>(w.data<float>()[2 * i + j])).epsilon(1e-3).margin(1e-5));
    }
  }
}

TEST_CASE("fsq reaches each of its codes, and every code its own place") {
  BuiltQuantizer b({"kind=fsq", "levels=5,4", "normalise=false"}, 2);
  Pass pass(b.arena);
  std::vector<bool> seen(20);
  for (double x = -4; x <= 4; x += 0.1) {
    for (double y = -4; y <= 4; y += 0.1) {
      const Tensor z = Tensor::of({1, 2}, {static_cast<float>(x), static_cast<float>(y)});
      seen[static_cast<size_t>(b.quantizer->quantize(pass, z).codes.data<int32_t>()[0])] = true;
    }
  }
  CHECK(std::count(seen.begin(), seen.end(), true) == 20);
}

TEST_CASE("fsq: at saturation the digits of any number of levels stay in 0 .. L - 1") {
  for (const int64_t levels : {2, 3, 8, 999, 1000, 1001, 1002, 1003, 1023, 1024}) {
    const std::string text = std::to_string(levels);
    BuiltQuantizer b({"kind=fsq", "levels=" + text + ",3", "normalise=false"}, 2);
    Pass pass(b.arena);
    for (const float far : {10.0f, 100.0f, 3e38f, std::numeric_limits<float>::infinity()}) {
      for (const float first : {-far, far}) {
        for (const float second : {-far, far}) {
          INFO(levels << " levels at " << first << ", " << second);
          const Quantized q = b.quantizer->quantize(pass, Tensor::of({1, 2}, {first, second}));
          const int64_t code = q.codes.data<int32_t>()[0];
          CHECK(code % levels == (first > 0 ? levels - 1 : 0));
          CHECK(code / levels == (second > 0 ? 2 : 0));
          CHECK(difference(b.quantizer->vectors(pass, q.codes), numbers(q.vectors.value())) < 1e-5);
        }
      }
    }
  }
}

TEST_CASE("a row of NaN has codes of the alphabet, so that the step it comes from can say what is wrong") {
  for (const auto& options : variants()) {
    INFO(name_of(options));
    BuiltQuantizer b(options);
    Tensor z({kRows, kDim});
    std::fill_n(z.data<float>(), z.count(), std::numeric_limits<float>::quiet_NaN());
    Tensor gradients = b.arena.like();
    for (const bool training : {false, true}) {
      Statistics statistics = b.arena.statistics();
      Pass quiet(b.arena), noisy(b.arena, gradients, 0, RandomStream(1, "test"), {.statistics = &statistics});
      const Quantized q = b.quantizer->quantize(training ? noisy : quiet, z);
      for (int64_t i = 0; i < q.codes.count(); ++i) {
        REQUIRE(q.codes.data<int32_t>()[i] >= 0);
        REQUIRE(q.codes.data<int32_t>()[i] < b.quantizer->alphabet());
      }
    }
  }
}

TEST_CASE("ste: the table learns |sg[z] - e|^2, and z beta |z - sg[e]|^2") {
  BuiltQuantizer b({"kind=ste", "codes=7", "commitment=0.3"});
  Tensor gradients = b.arena.like();
  Pass pass(b.arena, gradients, 0, RandomStream(1, "test"));
  const Quantized q = b.quantizer->quantize(pass, pass(b.z));
  CHECK(q.loss.value().data<float>()[0] == Approx(1.3 * q.squared_error).epsilon(1e-5));
  const Tensor e = q.vectors.value();
  pass.backward(q.loss, 1.0f);
  const Tensor dz = b.gradient_of(gradients, "z"), dtable = b.gradient_of(gradients, "quantizer/table");
  std::vector<double> expected(7 * kDim);
  for (int64_t i = 0; i < kRows; ++i) {
    for (int64_t j = 0; j < kDim; ++j) {
      const double away = static_cast<double>(b.z.value().data<float>()[i * kDim + j]) -
                          static_cast<double>(e.data<float>()[i * kDim + j]);
      CHECK(dz.data<float>()[i * kDim + j] == Approx(0.6 * away).epsilon(1e-4).margin(1e-5));
      expected[static_cast<size_t>(q.codes.data<int32_t>()[i] * kDim + j)] -= 2 * away;
    }
  }
  CHECK(difference(dtable, expected) < 1e-4);
}

TEST_CASE("gumbel: in evaluation the likeliest code, in training one drawn by its law") {
  BuiltQuantizer b({"kind=gumbel", "codes=3"});
  Tensor z({4000, kDim}), gradients = b.arena.like();
  for (int64_t i = 0; i < z.count(); ++i) z.data<float>()[i] = b.z.value().data<float>()[i % kDim];
  Pass quiet(b.arena), noisy(b.arena, gradients, 0, RandomStream(1, "test"));
  const Tensor fixed = b.quantizer->quantize(quiet, z).codes, drawn = b.quantizer->quantize(noisy, z).codes;
  CHECK(std::all_of(fixed.data<int32_t>(), fixed.data<int32_t>() + 4000,
                    [&](int32_t c) { return c == fixed.data<int32_t>()[0]; }));
  std::vector<double> logits(3), share(3);
  double total = 0;
  for (size_t k = 0; k < 3; ++k) {
    const Tensor w = b.arena.value(0), bias = b.arena.value(1);
    logits[k] = static_cast<double>(bias.data<float>()[k]);
    for (size_t j = 0; j < kDim; ++j)
      logits[k] += static_cast<double>(w.data<float>()[k * kDim + j]) * static_cast<double>(z.data<float>()[j]);
    total += std::exp(logits[k]);
  }
  for (int64_t i = 0; i < 4000; ++i) share[static_cast<size_t>(drawn.data<int32_t>()[i])] += 1.0 / 4000;
  for (size_t k = 0; k < 3; ++k) CHECK(share[k] == Approx(std::exp(logits[k]) / total).margin(0.04));
}

TEST_CASE("groups that do not divide the dimension are refused, with a remedy") {
  try {
    BuiltQuantizer({"kind=grouped", "groups=4", "of.codes=5"});
    FAIL("built");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::kUsage);
    CHECK(std::string(e.what()).find("multiple of 4") != std::string::npos);
  }
}
