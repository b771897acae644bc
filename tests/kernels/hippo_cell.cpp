#include "kernels/recurrent/hippo_cell.hpp"

#include <cmath>
#include <vector>

#include "catch.hpp"
#include "tensor/random_tensor.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

using Matrix = std::vector<std::vector<double>>;

std::vector<float> roots_of(int64_t order) {
  std::vector<float> roots;
  for (int64_t n = 0; n < order; ++n) roots.push_back(static_cast<float>(std::sqrt(2.0 * static_cast<double>(n) + 1)));
  return roots;
}

// (I - ahead A)^-1 (I + behind A) and (I - ahead A)^-1 d B of LegS, column by column, by elimination.
Matrix dense(int64_t order, double behind, double ahead, double d) {
  const auto a = [](int64_t n, int64_t k) {
    const double q = std::sqrt((2.0 * static_cast<double>(n) + 1) * (2.0 * static_cast<double>(k) + 1));
    return n > k ? -q : n == k ? -static_cast<double>(n + 1) : 0.0;
  };
  Matrix m(static_cast<size_t>(order), std::vector<double>(static_cast<size_t>(order) + 1));
  for (int64_t column = 0; column <= order; ++column) {
    for (int64_t n = 0; n < order; ++n) {
      double right = column == order ? d * std::sqrt(2.0 * static_cast<double>(n) + 1)
                                     : (n == column ? 1.0 : 0.0) + behind * a(n, column);
      for (int64_t k = 0; k < n; ++k) right += ahead * a(n, k) * m[static_cast<size_t>(k)][static_cast<size_t>(column)];
      m[static_cast<size_t>(n)][static_cast<size_t>(column)] = right / (1 - ahead * a(n, n));
    }
  }
  return m;
}

}  // namespace

TEST_CASE("a step of LegS and its transpose are those of the matrices") {
  for (const int64_t order : {1, 3, 16, 64, 67, 130}) {
    for (const int64_t rows : {1, 5, 16, 21}) {
      for (const auto& [behind, ahead] : {std::pair{0.05f, 0.05f}, std::pair{0.0f, 0.1f}, std::pair{0.01f, 0.0f}}) {
        const float d = behind + ahead;
        const int64_t stride = order + 3;
        const Tensor c = random_tensor({rows, stride}, 1, -1.0f, 1.0f), f = random_tensor({rows}, 2, -1.0f, 1.0f);
        const std::vector<float> roots = roots_of(order);
        const Matrix m = dense(order, static_cast<double>(behind), static_cast<double>(ahead), static_cast<double>(d));
        Tensor y = Tensor::full({rows, stride}, 7.0f), dc = Tensor::full({rows, stride}, 7.0f), df({rows});
        kernels::LegsStep step;
        step.rows = rows;
        step.order = order;
        step.behind = behind;
        step.ahead = ahead;
        step.d = d;
        step.roots = roots.data();
        step.c_before = {c.data<float>(), stride};
        step.f = f.data<float>();
        step.c = {y.data<float>(), stride};
        kernels::legs_step(step);
        kernels::LegsStepGradient back;
        back.rows = rows;
        back.order = order;
        back.behind = behind;
        back.ahead = ahead;
        back.d = d;
        back.roots = roots.data();
        back.dc = {c.data<float>(), stride};
        back.dc_before = {dc.data<float>(), stride};
        back.df = df.data<float>();
        kernels::legs_step_gradient(back);
        double worst = 0;
        for (int64_t i = 0; i < rows; ++i) {
          const float* from = c.data<float>() + i * stride;
          double to_f = 0;
          for (int64_t n = 0; n < order; ++n) {
            const auto& row = m[static_cast<size_t>(n)];
            double sum = row[static_cast<size_t>(order)] * static_cast<double>(f.data<float>()[i]), turned = 0;
            for (int64_t k = 0; k < order; ++k) {
              sum += row[static_cast<size_t>(k)] * static_cast<double>(from[k]);
              turned += m[static_cast<size_t>(k)][static_cast<size_t>(n)] * static_cast<double>(from[k]);
            }
            to_f += row[static_cast<size_t>(order)] * static_cast<double>(from[n]);
            worst = std::max(worst, std::abs(sum - static_cast<double>(y.data<float>()[i * stride + n])));
            worst = std::max(worst, std::abs(turned - static_cast<double>(dc.data<float>()[i * stride + n])));
          }
          worst = std::max(worst, std::abs(to_f - static_cast<double>(df.data<float>()[i])));
          CHECK(y.data<float>()[i * stride + order] == 7.0f);
          CHECK(dc.data<float>()[i * stride + order] == 7.0f);
        }
        INFO("order " << order << " rows " << rows << " behind " << behind << ": " << worst);
        CHECK(worst < 1e-5 * static_cast<double>(order + 10) * (ahead == 0.0f ? 4 : 1));
      }
    }
  }
}

TEST_CASE("a gate of the HiPPO cell follows its formulas") {
  for (const int64_t width : {1, 8, 37}) {
    constexpr int64_t kRows = 3;
    const Tensor pre = random_tensor({kRows, 2 * width}, 3, -2.0f, 2.0f),
                 was = random_tensor({kRows, width}, 4, -1.0f, 1.0f), write = random_tensor({width}, 5, -1.0f, 1.0f);
    Tensor gates = pre.clone(), h({kRows, width}), copy({kRows, width}), f({kRows});
    kernels::HippoGate step;
    step.rows = kRows;
    step.width = width;
    step.gates = {gates.data<float>(), 2 * width};
    step.h_before = {was.data<float>(), width};
    step.h = {h.data<float>(), width};
    step.h_copy = {copy.data<float>(), width};
    step.write = write.data<float>();
    step.write_bias = 0.25f;
    step.f = f.data<float>();
    kernels::hippo_gate(step);
    for (int64_t i = 0; i < kRows; ++i) {
      double sum = 0.25;
      for (int64_t k = 0; k < width; ++k) {
        const auto a = static_cast<double>(pre.data<float>()[i * 2 * width + k]);
        const auto b = static_cast<double>(pre.data<float>()[i * 2 * width + width + k]);
        const auto before = static_cast<double>(was.data<float>()[i * width + k]);
        const double now = before + (std::tanh(b) - before) / (1 + std::exp(-a));
        CHECK(h.data<float>()[i * width + k] == Approx(now).margin(1e-5));
        CHECK(copy.data<float>()[i * width + k] == h.data<float>()[i * width + k]);
        sum += now * static_cast<double>(write.data<float>()[k]);
      }
      CHECK(f.data<float>()[i] == Approx(sum).margin(1e-4));
    }
  }
}
