#include "optim/eigenbasis.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <cmath>

#include "kernels/product/matmul.hpp"

namespace mlrun {
namespace {

using kernels::Transpose;
using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// An eigenvalue of less than this share of the largest is that of rounding: gradients are right to about 1e-7, and
// eigenvalues are their squares.
constexpr double kRank = 1e-10;
// Of the root mean square of the eigenvalues, delta in iterate(). Products in f32 leave some 1e-7 of it where there is
// nothing.
constexpr double kShift = 1e-4;

// Householder's Q completes the eigenvectors, with columns that do not depend on their signs.
void begin(const Eigen::MatrixXd& moment, Tensor& vectors) {
  const Eigen::Index side = moment.rows();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(moment);
  const Eigen::VectorXd& values = solver.eigenvalues();  // ascending
  const Eigen::Index rank = (values.array() > kRank * values(side - 1)).count();
  if (rank == 0) return;
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(solver.eigenvectors().rowwise().reverse().leftCols(rank));
  Eigen::Map<RowMajor>(vectors.data<float>(), side, side) = Eigen::MatrixXd(qr.householderQ()).cast<float>();
}

Eigen::MatrixXd in_double(const Tensor& x) {
  return Eigen::Map<const RowMajor>(x.data<float>(), x.dim(0), x.dim(1)).cast<double>();
}

Tensor scaled(const Tensor& x, double factor) {
  Tensor y(x.shape());
  for (int64_t i = 0; i < x.count(); ++i) y.data<float>()[i] = static_cast<float>(factor) * x.data<float>()[i];
  return y;
}

}  // namespace

Eigenbasis::Eigenbasis(int64_t side) : moment(Tensor::zeros({side, side})), vectors(Tensor::zeros({side, side})) {
  for (int64_t i = 0; i < side; ++i) vectors.data<float>()[i * side + i] = 1;
}

void Eigenbasis::learn_rows(const Tensor& gradient, double decay) {
  const Tensor g = scaled(gradient, std::sqrt(1 - decay));
  kernels::matmul_into(moment, g, g, Transpose::kNo, Transpose::kYes, static_cast<float>(decay));
}

void Eigenbasis::learn_columns(const Tensor& gradient, double decay) {
  const Tensor g = scaled(gradient, std::sqrt(1 - decay));
  kernels::matmul_into(moment, g, g, Transpose::kYes, Transpose::kNo, static_cast<float>(decay));
}

void Eigenbasis::begin_rows(const Tensor& gradient) {
  const Eigen::MatrixXd g = in_double(gradient);
  begin(g * g.transpose(), vectors);
}

void Eigenbasis::begin_columns(const Tensor& gradient) {
  const Eigen::MatrixXd g = in_double(gradient);
  begin(g.transpose() * g, vectors);
}

void Eigenbasis::iterate() {
  const int64_t side = moment.dim(0);
  Tensor turned = kernels::matmul(moment, vectors);
  Eigen::Map<RowMajor> product(turned.data<float>(), side, side), q(vectors.data<float>(), side, side);
  const Eigen::Map<const RowMajor> m(moment.data<float>(), side, side);
  product += static_cast<float>(kShift) * m.norm() / std::sqrt(static_cast<float>(side)) * q;
  const Eigen::HouseholderQR<Eigen::MatrixXf> qr(product);
  q = Eigen::MatrixXf(qr.householderQ());
}

}  // namespace mlrun
