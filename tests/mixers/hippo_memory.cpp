// The f32 memories of the mixers against HiPPO in double.
#include "mixers/hippo_memory.hpp"

#include <cmath>

#include "catch.hpp"
#include "hippo/legs_normal.hpp"
#include "hippo/projection.hpp"
#include "mixers/s4_steps.hpp"
#include "ops/ssm/dplr.hpp"
#include "tensor/random_tensor.hpp"

using namespace mlrun;
using namespace mlrun::test;

TEST_CASE("the memory of the HiPPO cell holds the coefficients that the projection in double has") {
  constexpr int64_t kRows = 18, kLength = 60;
  const std::pair<hippo::Measure, hippo::Discretisation> kinds[] = {
      {hippo::Measure::kLegS, hippo::Discretisation::kBilinear}, {hippo::Measure::kLegS, hippo::Discretisation::kZoh},
      {hippo::Measure::kLegS, hippo::Discretisation::kBackward}, {hippo::Measure::kLegT, hippo::Discretisation::kZoh},
      {hippo::Measure::kLegT, hippo::Discretisation::kBilinear}, {hippo::Measure::kLagT, hippo::Discretisation::kZoh}};
  for (const auto& [measure, rule] : kinds) {
    for (const int64_t order : {5, 96}) {
      const auto memory = hippo_memory(measure, order, rule, 40.0);
      const Tensor f = random_tensor({kLength, kRows}, 1, -1.0f, 1.0f);
      Tensor c = Tensor::zeros({kRows, order}), next({kRows, order});
      hippo::Projection exact(measure, order, rule, 40.0);
      for (int64_t t = 0; t < kLength; ++t) {
        memory->forward(t, kRows, {c.data<float>(), order}, f.data<float>() + t * kRows, {next.data<float>(), order});
        std::swap(c, next);
        exact.observe(static_cast<double>(f.data<float>()[t * kRows + 17]));
      }
      double worst = 0, most = 0;
      for (int64_t n = 0; n < order; ++n) {
        const double e = exact.coefficients()[static_cast<size_t>(n)];
        worst = std::max(worst, std::abs(e - static_cast<double>(c.data<float>()[17 * order + n])));
        most = std::max(most, std::abs(e));
      }
      INFO(hippo::name_of(measure) << " " << hippo::name_of(rule) << " of order " << order);
      CHECK(worst < 1e-4 * most);
    }
  }
}

TEST_CASE("S4 begins as HiPPO-LegS: its recurrence and its kernel are those of the dense matrices") {
  constexpr int64_t kStates = 16, kLength = 40;
  constexpr double kStep = 0.05;
  const hippo::LegsNormal legs = hippo::legs_normal(kStates);
  constexpr int64_t kPoles = kStates / 2;
  // c reads B^T x: in the eigenbasis conj(b).
  Tensor frequency({1, kPoles}), p({2, 1, kPoles}), b({2, 1, kPoles}), c({2, 1, kPoles});
  for (size_t i = 0; i < kPoles; ++i) {
    frequency.data<float>()[i] = static_cast<float>(legs.frequencies[i]);
    p.data<float>()[i] = static_cast<float>(legs.p[i].real());
    p.data<float>()[kPoles + i] = static_cast<float>(legs.p[i].imag());
    b.data<float>()[i] = c.data<float>()[i] = static_cast<float>(legs.b[i].real());
    b.data<float>()[kPoles + i] = static_cast<float>(legs.b[i].imag());
    c.data<float>()[kPoles + i] = -b.data<float>()[kPoles + i];
  }
  const ops::DplrSystem system = {Tensor::full({1}, static_cast<float>(std::log(kStep))),
                                  Tensor::full({1, kPoles}, static_cast<float>(std::log(0.5))),
                                  frequency,
                                  p,
                                  b,
                                  c,
                                  Tensor::zeros({1})};
  const S4Steps steps(system);
  Tensor impulse_of_one = Tensor::zeros({1, kLength, 1});
  impulse_of_one.data<float>()[0] = 1;
  const Tensor kernel = ops::dplr_ssm(impulse_of_one, system).value();
  const hippo::System dense = hippo::system_of(hippo::Measure::kLegS, kStates);
  const hippo::Recurrence r = hippo::discretise(dense, kStep, hippo::Discretisation::kBilinear);
  std::vector<double> x(kStates);
  Tensor states = steps.begin(1);
  for (int64_t t = 0; t < kLength; ++t) {
    std::vector<double> next(kStates);
    double y = 0;
    for (int64_t n = 0; n < kStates; ++n) {
      auto& to = next[static_cast<size_t>(n)];
      to = t == 0 ? r.b[static_cast<size_t>(n)] : 0;
      for (int64_t k = 0; k < kStates; ++k) to += r.a.at(n, k) * x[static_cast<size_t>(k)];
      y += dense.b[static_cast<size_t>(n)] * to;
    }
    x = next;
    const float impulse = t == 0 ? 1.0f : 0.0f;
    float stepped = 0;
    steps(states, &impulse, 1, &stepped);
    CHECK(stepped == Approx(y).margin(1e-4));
    CHECK(kernel.data<float>()[t] == Approx(y).margin(1e-4));
  }
}
