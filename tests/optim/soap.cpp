// SOAP against its formulas in double, and on a valley that Adam walks along slowly.
#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <cmath>

#include "built_optimizer.hpp"
#include "catch.hpp"
#include "nn/initialisers.hpp"
#include "optim/eigenbasis.hpp"
#include "optim/updater.hpp"

using namespace mlrun;
using namespace mlrun::test;
using Eigen::MatrixXd;

namespace {

MatrixXd matrix(const Tensor& t) {
  MatrixXd m(t.dim(0), t.dim(1));
  for (int64_t i = 0; i < t.dim(0); ++i)
    for (int64_t j = 0; j < t.dim(1); ++j) m(i, j) = t.data<float>()[i * t.dim(1) + j];
  return m;
}

Tensor noise(const Shape& shape, uint64_t seed) {
  Tensor t(shape);
  initialise::normal(1)(t, RandomStream(seed, "test/soap"));
  return t;
}

// A weight [rows, columns] and a bias, 0 at first.
struct Parameters {
  ParameterArena arena;
  Parameters(int64_t rows, int64_t columns, std::vector<Range> trained = {}) {
    const Scope scope(arena, 1);
    scope.parameter("weight", {rows, columns}, "in,out", ParameterKind::kWeight, initialise::zeros(),
                    std::move(trained));
    scope.parameter("bias", {columns}, "out", ParameterKind::kBias, initialise::zeros());
    arena.allocate();
    arena.initialise(1);
  }
};

// One side's second moment and basis, by the definition.
struct Side {
  MatrixXd moment, basis;
  explicit Side(int64_t n) : moment(MatrixXd::Zero(n, n)), basis(MatrixXd::Identity(n, n)) {}
  void iterate() { basis = Eigen::HouseholderQR<MatrixXd>(moment * basis).householderQ(); }
};

}  // namespace

TEST_CASE("repeated iterations come to the eigenvectors of the moment, the largest first") {
  constexpr int64_t kSide = 6;
  Eigenbasis basis(kSide);
  Tensor gradient = noise({kSide, 40}, 5);
  for (int64_t i = 0; i < kSide; ++i)
    for (int64_t j = 0; j < 40; ++j) gradient.data<float>()[i * 40 + j] *= std::pow(0.5f, static_cast<float>(i));
  basis.learn_rows(gradient, 0.5);
  for (int i = 0; i < 60; ++i) basis.iterate();
  const MatrixXd moment = 0.5 * matrix(gradient) * matrix(gradient).transpose(), q = matrix(basis.vectors);
  CHECK((matrix(basis.moment) - moment).norm() < 1e-5 * moment.norm());
  CHECK((q.transpose() * q - MatrixXd::Identity(kSide, kSide)).norm() < 1e-5);
  const MatrixXd diagonal = q.transpose() * moment * q;
  const Eigen::VectorXd values = Eigen::SelfAdjointEigenSolver<MatrixXd>(moment).eigenvalues().reverse();
  for (int64_t i = 0; i < kSide; ++i) CHECK(diagonal(i, i) == Approx(values(i)).epsilon(1e-4));
  CHECK((diagonal - MatrixXd(diagonal.diagonal().asDiagonal())).norm() < 1e-4 * values(0));
}

TEST_CASE("soap follows its formulas") {
  constexpr int64_t kRows = 7, kColumns = 5;
  constexpr double kLr = 0.01, kBeta1 = 0.9, kBeta2 = 0.8, kDecay = 0.1;
  Parameters parameters(kRows, kColumns);
  Updater updater(
      parameters.arena,
      built_optimizer({"kind=soap", "lr=0.01", "betas=0.9,0.8", "weight_decay=0.1", "precondition_frequency=3"}), {});
  LanePool pool(2);
  Side left(kRows), right(kColumns);
  MatrixXd w = MatrixXd::Zero(kRows, kColumns), m = w, v = w;
  for (int64_t t = 1; t <= 20; ++t) {
    const Tensor gradient = noise({kRows, kColumns}, static_cast<uint64_t>(t));
    std::vector<Tensor> lanes = {parameters.arena.like()};
    parameters.arena.window(lanes[0], 0).copy_from(gradient);
    updater.apply(lanes, t - 1, 1.0, pool);

    const MatrixXd g = matrix(gradient);
    left.moment = kBeta2 * left.moment + (1 - kBeta2) * g * g.transpose();
    right.moment = kBeta2 * right.moment + (1 - kBeta2) * g.transpose() * g;
    if (t <= 10 || t % 3 == 0) {
      const MatrixXd plain = left.basis * m * right.basis.transpose();
      left.iterate();
      right.iterate();
      m = left.basis.transpose() * plain * right.basis;
    }
    const MatrixXd turned = left.basis.transpose() * g * right.basis;
    m = kBeta1 * m + (1 - kBeta1) * turned;
    v = kBeta2 * v + (1 - kBeta2) * turned.cwiseProduct(turned);
    const MatrixXd m_hat = m / (1 - std::pow(kBeta1, t)), v_hat = v / (1 - std::pow(kBeta2, t));
    const MatrixXd direction =
        m_hat.cwiseQuotient((v_hat.cwiseSqrt().array() + 1e-8 + 1e-5 * std::sqrt(v_hat.sum())).matrix());
    w -= kLr * (left.basis * direction * right.basis.transpose() + kDecay * w);
    INFO("step " << t);
    CHECK((matrix(parameters.arena.value(0)) - w).norm() < 1e-3 * w.norm());
  }
}

TEST_CASE("soap goes down a valley that is oblique to the weights, and adam along it") {
  // |A W B - C|^2 with A and B of condition 100: both sides of the gradient are far from their eigenvectors.
  constexpr int64_t kSide = 12;
  const auto ill = [&](uint64_t seed) {
    const MatrixXd q = Eigen::HouseholderQR<MatrixXd>(matrix(noise({kSide, kSide}, seed))).householderQ();
    const MatrixXd p = Eigen::HouseholderQR<MatrixXd>(matrix(noise({kSide, kSide}, seed + 1))).householderQ();
    Eigen::VectorXd values(kSide);
    for (int64_t i = 0; i < kSide; ++i) values(i) = std::pow(0.01, static_cast<double>(i) / (kSide - 1));
    return MatrixXd(q * values.asDiagonal() * p);
  };
  const MatrixXd a = ill(1), b = ill(3), target = matrix(noise({kSide, kSide}, 7));
  const auto loss_after_training = [&](const std::string& kind) {
    Parameters parameters(kSide, kSide);
    Updater updater(parameters.arena, built_optimizer({"kind=" + kind, "lr=0.05"}), {});
    LanePool pool(1);
    const MatrixXd c = a * target * b;
    MatrixXd residual;
    for (int64_t step = 0; step < 1000; ++step) {
      residual = a * matrix(parameters.arena.value(0)) * b - c;
      const MatrixXd g = 2 * a.transpose() * residual * b.transpose();
      std::vector<Tensor> lanes = {parameters.arena.like()};
      for (int64_t i = 0; i < g.size(); ++i)
        parameters.arena.window(lanes[0], 0).data<float>()[i] = static_cast<float>(g(i / kSide, i % kSide));
      updater.apply(lanes, step, 1.0 - static_cast<double>(step) / 1000, pool);
    }
    return residual.squaredNorm();
  };
  const double adam = loss_after_training("adam"), soap = loss_after_training("soap");
  INFO("adam " << adam << ", soap " << soap);
  CHECK(soap < 0.1 * adam);
}

TEST_CASE("soap leaves what a mask holds at 0 where it is") {
  // The second row lacks its first 33 numbers, more than the updater joins; the last row is not trained at all.
  constexpr int64_t kColumns = 50;
  Parameters parameters(3, kColumns, {{0, kColumns}, {kColumns + 33, 2 * kColumns}});
  Updater updater(parameters.arena, built_optimizer({"kind=soap", "lr=0.1"}), {});
  LanePool pool(1);
  for (int64_t step = 0; step < 20; ++step) {
    std::vector<Tensor> lanes = {parameters.arena.like()};
    const Tensor gradient = noise({3, kColumns}, static_cast<uint64_t>(step));
    float* g = parameters.arena.window(lanes[0], 0).data<float>();
    for (int64_t i = 0; i < 2 * kColumns; ++i)
      g[i] = i >= kColumns && i < kColumns + 33 ? 0.0f : gradient.data<float>()[i];
    updater.apply(lanes, step, 1.0, pool);
  }
  const float* w = parameters.arena.value(0).data<float>();
  for (int64_t i = 0; i < 3 * kColumns; ++i) {
    const bool masked = i >= 2 * kColumns || (i >= kColumns && i < kColumns + 33);
    INFO(i);
    CHECK((w[i] == 0.0f) == masked);
  }
}

TEST_CASE("a side that is too long has no basis, and a bias has none") {
  Parameters parameters(30, 8);
  Updater updater(parameters.arena, built_optimizer({"kind=soap", "max_precondition_dim=20"}), {});
  std::vector<std::string> names;
  for (const auto& [name, matrix] : updater.matrices()) {
    names.push_back(name);
    CHECK(matrix.shape() == Shape{8, 8});
  }
  CHECK(names == std::vector<std::string>{"right_moment/weight", "right_basis/weight"});
}

TEST_CASE("a gradient whose square overflows is no step, and breaks no basis") {
  Parameters parameters(6, 4);
  Updater updater(parameters.arena, built_optimizer({"kind=soap", "lr=0.1"}), {});
  LanePool pool(1);
  for (const float size : {1e20f, 1.0f}) {
    std::vector<Tensor> lanes = {parameters.arena.like()};
    parameters.arena.window(lanes[0], 0).fill(size);
    CHECK(updater.apply(lanes, 0, 1.0, pool).finite);
    const float w = parameters.arena.value(0).data<float>()[0];
    if (size > 1) CHECK(w == 0.0f);
    else CHECK(w < 0.0f);
  }
}
