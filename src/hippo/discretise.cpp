#include "hippo/discretise.hpp"

#include <Eigen/Dense>
#include <cmath>
#include <unsupported/Eigen/MatrixFunctions>

#include "base/error.hpp"

namespace mlrun::hippo {
namespace {

using Dense = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Column = Eigen::VectorXd;

Recurrence recurrence_of(const Dense& a, const Column& b) {
  Recurrence r = {Matrix(a.rows(), a.cols()), std::vector<double>(b.data(), b.data() + b.size())};
  Dense::Map(r.a.data.data(), a.rows(), a.cols()) = a;
  return r;
}

}  // namespace

const char* name_of(Discretisation rule) {
  switch (rule) {
    case Discretisation::kForward:
      return "forward";
    case Discretisation::kBackward:
      return "backward";
    case Discretisation::kBilinear:
      return "bilinear";
    case Discretisation::kZoh:
      return "zoh";
  }
  return "";
}

Recurrence discretise(const System& system, double step, Discretisation rule) {
  const int64_t n = system.a.rows;
  const Dense a = step * Eigen::Map<const Dense>(system.a.data.data(), n, n);
  const Column b = step * Eigen::Map<const Column>(system.b.data(), n);
  const Dense one = Dense::Identity(n, n);
  if (rule == Discretisation::kForward) return recurrence_of(one + a, b);
  if (rule == Discretisation::kZoh) {
    // exp of [[A, B], [0, 0]] holds both parts, without A^-1.
    Dense both = Dense::Zero(n + 1, n + 1);
    both.topLeftCorner(n, n) = a;
    both.topRightCorner(n, 1) = b;
    const Dense e = both.exp();
    require(e.allFinite(), "the exponential of a HiPPO system of order {} is not finite", n);
    return recurrence_of(e.topLeftCorner(n, n), e.topRightCorner(n, 1));
  }
  const double share = rule == Discretisation::kBilinear ? 0.5 : 1.0;
  const Eigen::PartialPivLU<Dense> implicit(one - share * a);
  return recurrence_of(implicit.solve(one + (1 - share) * a), implicit.solve(b));
}

Recurrence legs_step(int64_t order, int64_t k, Discretisation rule) {
  require(k >= 1, "step {} of LegS", k);
  const System system = system_of(Measure::kLegS, order);
  const auto t = static_cast<double>(k);
  if (rule != Discretisation::kZoh) return discretise(system, 1 / t, rule);
  if (k > 1) return discretise(system, -std::log1p(-1 / t), rule);
  Recurrence first = {Matrix(order, order), std::vector<double>(static_cast<size_t>(order), 0.0)};
  first.b[0] = 1;
  return first;
}

}  // namespace mlrun::hippo
