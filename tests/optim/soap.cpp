// SOAP against its formulas in double, and on a valley that Adam walks along slowly.
#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <algorithm>
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

constexpr double kShift = 1e-4;

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
  // Of the first gradient's product: its eigenvectors, completed by Householder's Q.
  void begin(const MatrixXd& product) {
    const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(product);
    const int64_t n = product.rows();
    int64_t rank = 0;
    while (rank < n && solver.eigenvalues()(n - 1 - rank) > 1e-10 * solver.eigenvalues()(n - 1)) ++rank;
    basis = Eigen::HouseholderQR<MatrixXd>(solver.eigenvectors().rowwise().reverse().leftCols(rank)).householderQ();
  }
  void learn(const MatrixXd& product, double decay) { moment = decay * moment + (1 - decay) * product; }
  void iterate() {
    const double shift = kShift * moment.norm() / std::sqrt(static_cast<double>(moment.rows()));
    basis = Eigen::HouseholderQR<MatrixXd>(moment * basis + shift * basis).householderQ();
  }
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

TEST_CASE("soap follows its formulas, also where gradients do not reach every direction of a side") {
  constexpr double kLr = 0.01, kBeta1 = 0.9, kBeta2 = 0.8, kDecay = 0.1;
  constexpr int64_t kFrequency = 3, kSteps = 20;
  // The longer side's moment has a full rank after 2 steps, 5, and never.
  for (const auto& [rows, columns] : {std::pair<int64_t, int64_t>{7, 5}, {3, 14}, {60, 2}}) {
    Parameters parameters(rows, columns);
    Tensor weight = parameters.arena.value(0);
    weight.fill(0.25f);
    Updater updater(
        parameters.arena,
        built_optimizer({"kind=soap", "lr=0.01", "betas=0.9,0.8", "weight_decay=0.1", "precondition_frequency=3"}), {});
    LanePool pool(2);
    Side left(rows), right(columns);
    MatrixXd w = MatrixXd::Constant(rows, columns, 0.25), m = MatrixXd::Zero(rows, columns), v = m;
    double worst = 0;
    for (int64_t t = 0; t < kSteps; ++t) {
      const Tensor gradient = noise({rows, columns}, static_cast<uint64_t>(t + 1));
      std::vector<Tensor> lanes = {parameters.arena.like()};
      parameters.arena.window(lanes[0], 0).copy_from(gradient);
      updater.apply(lanes, t, 1.0, pool);

      const MatrixXd g = matrix(gradient);
      if (t == 0) {
        left.begin(g * g.transpose());
        right.begin(g.transpose() * g);
      } else {
        const MatrixXd turned = left.basis.transpose() * g * right.basis;
        m = kBeta1 * m + (1 - kBeta1) * turned;
        v = kBeta2 * v + (1 - kBeta2) * turned.cwiseProduct(turned);
        const MatrixXd m_hat = m / (1 - std::pow(kBeta1, t)), v_hat = v / (1 - std::pow(kBeta2, t));
        const MatrixXd direction =
            m_hat.cwiseQuotient((v_hat.cwiseSqrt().array() + 1e-8 + 1e-5 * std::sqrt(v_hat.sum())).matrix());
        w -= kLr * (left.basis * direction * right.basis.transpose() + kDecay * w);
      }
      left.learn(g * g.transpose(), kBeta2);
      right.learn(g.transpose() * g, kBeta2);
      if (t > 0 && t % kFrequency == 0) {
        const MatrixXd plain = left.basis * m * right.basis.transpose();
        left.iterate();
        right.iterate();
        m = left.basis.transpose() * plain * right.basis;
      }
      worst = std::max(worst, (matrix(parameters.arena.value(0)) - w).norm() / w.norm());
    }
    INFO(rows << " x " << columns << ": " << worst);
    CHECK(worst < 1e-3);
  }
}

TEST_CASE("a soap run whose gradients differ in their last bits, as on another CPU, is the same run") {
  constexpr int64_t kRows = 48, kColumns = 24;
  std::vector<MatrixXd> ends;
  for (const float rounding : {0.0f, 1e-6f}) {
    Parameters parameters(kRows, kColumns);
    Updater updater(parameters.arena, built_optimizer({"kind=soap", "lr=0.01"}), {});
    LanePool pool(1);
    for (int64_t step = 0; step < 40; ++step) {
      // Of rank 3, with singular values from 1 to 1e-2, in directions that change slowly.
      std::vector<Tensor> lanes = {parameters.arena.like()};
      MatrixXd g = MatrixXd::Zero(kRows, kColumns);
      for (int64_t k = 0; k < 3; ++k) {
        const auto seed = static_cast<uint64_t>(1000 * k);
        g += std::pow(0.1, k) * matrix(noise({kRows, 1}, seed + static_cast<uint64_t>(step / 4))) *
             matrix(noise({1, kColumns}, seed + static_cast<uint64_t>(step)));
      }
      const Tensor last_bits = noise({kRows, kColumns}, static_cast<uint64_t>(70000 + step));
      for (int64_t i = 0; i < g.size(); ++i) {
        parameters.arena.window(lanes[0], 0).data<float>()[i] =
            static_cast<float>(g(i / kColumns, i % kColumns)) * (1 + rounding * last_bits.data<float>()[i]);
      }
      updater.apply(lanes, step, 1.0, pool);
    }
    ends.push_back(matrix(parameters.arena.value(0)));
  }
  const double difference = (ends[0] - ends[1]).norm() / ends[0].norm();
  INFO("relative difference " << difference);
  CHECK(difference < 1e-2);
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
  for (const auto& [name, matrix, parameter] : updater.matrices()) {
    names.push_back(name);
    CHECK(matrix.shape() == Shape{8, 8});
  }
  CHECK(names == std::vector<std::string>{"right_moment/weight", "right_basis/weight"});
}

TEST_CASE("a gradient whose square overflows is no step, and breaks no basis") {
  Parameters parameters(6, 4);
  Updater updater(parameters.arena, built_optimizer({"kind=soap", "lr=0.1"}), {});
  LanePool pool(1);
  for (const auto& [step, size] : {std::pair(0, 1e20f), {1, 1e20f}, {2, 1.0f}, {3, 1e20f}, {4, 1.0f}}) {
    std::vector<Tensor> lanes = {parameters.arena.like()};
    parameters.arena.window(lanes[0], 0).fill(size);
    const float before = parameters.arena.value(0).data<float>()[0];
    CHECK(updater.apply(lanes, step, 1.0, pool).finite);
    const float w = parameters.arena.value(0).data<float>()[0];
    INFO("step " << step << " by a gradient of " << size);
    if (size > 1) CHECK(w == before);
    else CHECK(w < before);
  }
}
