#include "optim/eigenbasis.hpp"

#include <Eigen/QR>
#include <cmath>

#include "kernels/matmul.hpp"

namespace mlrun {
namespace {

using kernels::Transpose;
using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

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

void Eigenbasis::iterate() {
  const int64_t side = moment.dim(0);
  Tensor turned = kernels::matmul(moment, vectors);
  Eigen::Map<RowMajor> product(turned.data<float>(), side, side), q(vectors.data<float>(), side, side);
  const Eigen::HouseholderQR<Eigen::MatrixXf> qr(product);
  q = Eigen::MatrixXf(qr.householderQ());
}

}  // namespace mlrun
