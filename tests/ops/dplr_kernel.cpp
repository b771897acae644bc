#include "ops/ssm/dplr_kernel.hpp"

#include <complex>

#include "catch.hpp"
#include "ops/gradient_check.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

using Complex = std::complex<double>;

std::vector<Tensor> system_of(int64_t channels, int64_t poles) {
  return {random_tensor({channels}, 1, -3.0f, -1.0f),          random_tensor({channels, poles}, 2, -1.0f, 0.5f),
          random_tensor({channels, poles}, 3, 0.5f, 6.0f),     random_tensor({2, channels, poles}, 4, -1.0f, 1.0f),
          random_tensor({2, channels, poles}, 5, -1.0f, 1.0f), random_tensor({2, channels, poles}, 6, -1.0f, 1.0f)};
}

ops::DplrSystem as_system(const std::vector<Variable>& v) { return {v[0], v[1], v[2], v[3], v[4], v[5]}; }

// c Abar^k Bbar with the whole matrix A = Lambda - p p^* of both halves, the implicit step by Gaussian elimination.
std::vector<double> by_matrix(const std::vector<Tensor>& v, int64_t h, int64_t length) {
  const int64_t channels = v[0].dim(0), poles = v[1].dim(1), n = 2 * poles;
  const auto number = [&](size_t i, int64_t at) { return static_cast<double>(v[i].data<float>()[at]); };
  const auto part = [&](size_t i, int64_t s) {
    const int64_t at = h * poles + s % poles;
    const Complex z(number(i, at), number(i, channels * poles + at));
    return s < poles ? z : std::conj(z);
  };
  const double dt = std::exp(number(0, h));
  std::vector<std::vector<Complex>> a(static_cast<size_t>(n), std::vector<Complex>(static_cast<size_t>(n)));
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < n; ++j)
      a[static_cast<size_t>(i)][static_cast<size_t>(j)] = -part(3, i) * std::conj(part(3, j));
    const double frequency = number(2, h * poles + i % poles);
    a[static_cast<size_t>(i)][static_cast<size_t>(i)] +=
        Complex(-std::exp(number(1, h * poles + i % poles)), i < poles ? frequency : -frequency);
  }
  std::vector<Complex> x(static_cast<size_t>(n), 0);
  std::vector<double> kernel;
  for (int64_t k = 0; k < length; ++k) {
    auto m = a;
    std::vector<Complex> right = x;
    for (size_t i = 0; i < x.size(); ++i) {
      for (size_t j = 0; j < x.size(); ++j) {
        right[i] += dt / 2 * a[i][j] * x[j];
        m[i][j] = (i == j ? 1.0 : 0.0) - dt / 2 * a[i][j];
      }
      if (k == 0) right[i] += dt * part(4, static_cast<int64_t>(i));
    }
    for (size_t i = 0; i < x.size(); ++i) {
      for (size_t r = i + 1; r < x.size(); ++r) {
        const Complex f = m[r][i] / m[i][i];
        for (size_t j = i; j < x.size(); ++j) m[r][j] -= f * m[i][j];
        right[r] -= f * right[i];
      }
    }
    for (size_t i = x.size(); i-- > 0;) {
      for (size_t j = i + 1; j < x.size(); ++j) right[i] -= m[i][j] * x[j];
      x[i] = right[i] / m[i][i];
    }
    Complex y = 0;
    for (size_t i = 0; i < x.size(); ++i) y += part(5, static_cast<int64_t>(i)) * x[i];
    kernel.push_back(y.real());
  }
  return kernel;
}

}  // namespace

TEST_CASE("the kernel of a diagonal plus low-rank system is the impulse response of its matrix") {
  for (const int64_t poles : {1, 4, 11}) {
    const std::vector<Tensor> v = system_of(2, poles);
    for (const int64_t length : {1, 2, 9, 100}) {
      const Tensor k = ops::dplr_kernel(as_system(std::vector<Variable>(v.begin(), v.end())), length).value();
      for (int64_t h = 0; h < 2; ++h) {
        const std::vector<double> exact = by_matrix(v, h, length);
        double worst = 0, most = 0;
        for (int64_t i = 0; i < length; ++i) {
          worst = std::max(
              worst, std::abs(exact[static_cast<size_t>(i)] - static_cast<double>(k.data<float>()[h * length + i])));
          most = std::max(most, std::abs(exact[static_cast<size_t>(i)]));
        }
        INFO(poles << " poles, length " << length << ", channel " << h);
        CHECK(worst < 2e-6 * most);
      }
    }
  }
}

TEST_CASE("the gradients of a diagonal plus low-rank kernel are those of its values") {
  const auto graph = [](const std::vector<Variable>& v) { return ops::dplr_kernel(as_system(v), 13); };
  CHECK(gradient_error(graph, system_of(2, 3)) < kGradientLimit);
}
