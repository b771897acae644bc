// Linear attention against the formulas of its papers, position by position and weight by weight.
#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "mixers/battery.hpp"
#include "tensor/random_tensor.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

using Doubles = std::vector<double>;
constexpr int64_t kWidth = 6, kLength = 75;

const Tensor& parameter(const BuiltMixer& b, const std::string& path) {
  const auto& all = b.parameters->parameters();
  const auto found = std::find_if(all.begin(), all.end(), [&](const ParameterInfo& p) { return p.path == path; });
  REQUIRE(found != all.end());
  return b.parameters->value(static_cast<size_t>(found - all.begin()));
}

// W x of every position.
std::vector<Doubles> project(const Tensor& w, const std::vector<Doubles>& x) {
  std::vector<Doubles> y;
  for (const Doubles& row : x) {
    y.emplace_back();
    for (int64_t o = 0; o < w.dim(0); ++o) {
      double sum = 0;
      for (int64_t i = 0; i < w.dim(1); ++i)
        sum += static_cast<double>(w.data<float>()[o * w.dim(1) + i]) * row[static_cast<size_t>(i)];
      y.back().push_back(sum);
    }
  }
  return y;
}

// The weight that a query at t gives to a key at s, before they are made to sum to 1.
using Similarity = std::function<double(const Doubles& q, const Doubles& k, int64_t distance)>;

Similarity of_features(double (*phi)(double)) {
  return [phi](const Doubles& q, const Doubles& k, int64_t) {
    double sum = 0;
    for (size_t i = 0; i < q.size(); ++i) sum += phi(q[i]) * phi(k[i]);
    return sum;
  };
}

Doubles softmax(const Doubles& x) {
  double sum = 0;
  Doubles y;
  for (const double a : x) y.push_back(std::exp(a)), sum += y.back();
  for (double& a : y) a /= sum;
  return y;
}

// The mixer's result by weights, for one sequence.
std::vector<Doubles> by_weights(const BuiltMixer& b, size_t heads, const Similarity& similarity, const Tensor& x) {
  std::vector<Doubles> rows;
  for (int64_t t = 0; t < x.dim(1); ++t)
    rows.emplace_back(x.data<float>() + t * kWidth, x.data<float>() + (t + 1) * kWidth);
  const auto q = project(parameter(b, "q/weight"), rows), k = project(parameter(b, "k/weight"), rows),
             v = project(parameter(b, "v/weight"), rows);
  const size_t size = kWidth / heads;
  std::vector<Doubles> y;
  for (size_t t = 0; t < rows.size(); ++t) {
    y.emplace_back(kWidth, 0.0);
    for (size_t h = 0; h < heads; ++h) {
      const auto head = [&](const Doubles& row) {
        return Doubles(row.begin() + static_cast<int64_t>(h * size),
                       row.begin() + static_cast<int64_t>((h + 1) * size));
      };
      double mass = 1e-6;
      for (size_t s = 0; s <= t; ++s) {
        const double weight = similarity(head(q[t]), head(k[s]), static_cast<int64_t>(t - s));
        mass += weight;
        for (size_t i = h * size; i < (h + 1) * size; ++i) y[t][i] += weight * v[s][i];
      }
      for (size_t i = h * size; i < (h + 1) * size; ++i) y[t][i] /= mass;
    }
  }
  return project(parameter(b, "out/weight"), y);
}

struct Gaps {
  double parallel = 0, steps = 0;
};
Gaps gaps(const std::vector<std::string>& options, size_t heads, const Similarity& similarity) {
  std::vector<std::string> all = {"heads=" + std::to_string(heads)};
  all.insert(all.end(), options.begin(), options.end());
  const BuiltMixer b = build_mixer("linear_attention", all, {kWidth, kWidth, kLength});
  const Tensor x = random_tensor({1, kLength, kWidth}, 17, -2.0f, 2.0f);
  const std::vector<Doubles> expected = by_weights(b, heads, similarity, x);
  Pass pass(*b.parameters);
  const Tensor y = (*b.mixer)(pass, Variable(x)).value();
  const auto steps = b.mixer->steps();
  const auto stepper = steps->begin(1);
  Gaps g;
  Tensor out({1, kWidth});
  for (int64_t t = 0; t < kLength; ++t) {
    stepper->step(x.data<float>() + t * kWidth, out.data<float>());
    for (int64_t i = 0; i < kWidth; ++i) {
      const double wanted = expected[static_cast<size_t>(t)][static_cast<size_t>(i)];
      g.parallel = std::max(g.parallel, std::abs(static_cast<double>(y.data<float>()[t * kWidth + i]) - wanted));
      g.steps = std::max(g.steps, std::abs(static_cast<double>(out.data<float>()[i]) - wanted));
    }
  }
  return g;
}

}  // namespace

TEST_CASE("linear attention is the average of values by the products of features, whatever the features") {
  const std::vector<std::pair<std::string, Similarity>> cases = {
      {"elu", of_features([](double x) { return x > 0 ? x + 1 : std::exp(x); })},
      {"relu", of_features([](double x) { return std::max(x, 0.0); })},
      {"relu2", of_features([](double x) { return x > 0 ? x * x : 0.0; })},
      {"exp", of_features([](double x) { return std::exp(x); })},
      {"softmax", [](const Doubles& q, const Doubles& k,
                     int64_t) { return of_features([](double x) { return x; })(softmax(q), softmax(k), 0); }},
      {"cosformer", [](const Doubles& q, const Doubles& k, int64_t distance) {
         return of_features([](double x) { return std::max(x, 0.0); })(q, k, 0) *
                std::cos(M_PI_2 * static_cast<double>(distance) / kLength);
       }}};
  for (const auto& [features, similarity] : cases) {
    for (const size_t heads : {1, 2}) {
      INFO(features << ", " << heads << " heads");
      const Gaps g = gaps({"features=" + features}, heads, similarity);
      CHECK(g.parallel < 2e-5);
      CHECK(g.steps < 2e-5);
    }
  }
}

TEST_CASE("random features come close to softmax attention, closer the more they are") {
  const auto softmax_weight = [](const Doubles& q, const Doubles& k, int64_t) {
    double dot = 0;
    for (size_t i = 0; i < q.size(); ++i) dot += q[i] * k[i];
    return std::exp(dot / std::sqrt(static_cast<double>(q.size())));
  };
  const Gaps few = gaps({"features=performer", "random_features=4"}, 2, softmax_weight),
             many = gaps({"features=performer", "random_features=8192"}, 2, softmax_weight);
  CHECK(many.parallel < 0.05);
  CHECK(many.steps < 0.05);
  CHECK(few.parallel > 4 * many.parallel);
}

TEST_CASE("features that are turned by their position depend on the distance of positions") {
  const BuiltMixer b =
      build_mixer("linear_attention", {"heads=1", "rope=true", "normaliser=norm"}, {kWidth, kWidth, kLength});
  // Zeros before a sequence add phi(0) 0^T, which is nothing, and move it.
  const Tensor x = random_tensor({1, 20, kWidth}, 18, -1.0f, 1.0f);
  Tensor moved = Tensor::zeros({1, 53, kWidth});
  std::copy_n(x.data<float>(), x.count(), moved.data<float>() + 33 * kWidth);
  Pass pass(*b.parameters);
  const Tensor y = (*b.mixer)(pass, Variable(x)).value(), z = (*b.mixer)(pass, Variable(moved)).value();
  for (int64_t i = 0; i < y.count(); ++i) {
    CHECK(static_cast<double>(z.data<float>()[33 * kWidth + i]) ==
          Approx(static_cast<double>(y.data<float>()[i])).margin(2e-5));
  }
}

TEST_CASE("heads that do not divide the channels, and options of other features, are refused with what works") {
  CHECK_THROWS_WITH(build_mixer("linear_attention", {"heads=4"}, {kWidth, kWidth, 9}), Catch::Contains("heads=3"));
  CHECK_THROWS_WITH(build_mixer("linear_attention", {"heads=6", "rope=true"}, {kWidth, kWidth, 9}),
                    Catch::Contains("multiple of 2") && Catch::Contains("heads=3"));
  CHECK_THROWS_WITH(build_mixer("retnet", {"heads=2"}, {kWidth, kWidth, 9}), Catch::Contains("heads=1"));
  CHECK_THROWS_WITH(build_mixer("retnet", {"heads=1"}, {5, 5, 9}), Catch::Contains("a width that is a multiple of 2"));
  CHECK_THROWS_WITH(build_mixer("linear_attention", {"random_features=3"}, {kWidth, kWidth, 9}),
                    Catch::Contains("features: performer"));
}
