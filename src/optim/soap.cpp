// SOAP (Vyas et al. 2024): Adam in the eigenbasis of Shampoo's preconditioner.
//
// A weight is a matrix W [m, n], its gradient G. Of G G^T and G^T G moving averages L and R are kept (they decay as v
// does), and bases Q_L and Q_R near their eigenvectors, renewed every `precondition_frequency` steps:
//   G' = Q_L^T G Q_R;   D' = Adam's direction of G', m / (sqrt(v) + eps);   W -= lr (Q_L D' Q_R^T + weight_decay W)
// As in the authors' program the first step only looks: it begins the bases, by an eigendecomposition, and leaves all
// weights as they are, and a gradient is turned by bases that do not know it yet.
// To eps is added 1e-5 of the root of the sum of v: where G has a lower rank than the matrix, what is left of G' is
// rounding, and it would be scaled up to a step like any other.
// A side longer than `max_precondition_dim` is left as it is, and so are biases, norms and state spaces: Adam.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/product/matmul.hpp"
#include "optim/adam.hpp"
#include "optim/eigenbasis.hpp"
#include "optim/optimizer.hpp"
#include "optim/sgd.hpp"

namespace mlrun {
namespace {

using kernels::Transpose;

struct SoapOptions : MomentOptions {
  explicit SoapOptions(config::Reader& reader)
      : MomentOptions(reader, 3e-3, {0.95, 0.95}),
        frequency(
            reader.integer("precondition_frequency",
                           {.help = "steps from one renewal of the bases to the next", .min = 1, .fallback = 10})),
        longest(reader.integer("max_precondition_dim",
                               {.help = "a side of a weight that is longer has no basis", .min = 1, .fallback = 512})) {
  }
  int64_t frequency, longest;
};

// A parameter, as the matrix of its trained part: rows times the last axis.
struct SoapMatrix {
  int64_t rows = 1, columns = 1;
  std::vector<Range> masked;  // numbers of it that a mask holds at 0
  Eigenbasis left, right;

  bool turns() const { return left.defined() || right.defined(); }
  Tensor of(const Tensor& parameter) const { return parameter.reshape({-1, columns}).rows(0, rows); }
  // Q_L^T x Q_R, and back.
  Tensor turned(Tensor x) const {
    if (left.defined()) x = kernels::matmul(left.vectors, x, Transpose::kYes);
    return right.defined() ? kernels::matmul(x, right.vectors) : x;
  }
  Tensor turned_back(Tensor x) const {
    if (left.defined()) x = kernels::matmul(left.vectors, x);
    return right.defined() ? kernels::matmul(x, right.vectors, Transpose::kNo, Transpose::kYes) : x;
  }
};

constexpr double kRounding = 1e-5;  // of the norm of a gradient, what is not to be believed in f32

double sum(const Tensor& x) { return std::accumulate(x.data<float>(), x.data<float>() + x.count(), 0.0); }
double squared_norm(const Tensor& x) {
  return std::inner_product(x.data<float>(), x.data<float>() + x.count(), x.data<float>(), 0.0);
}

SoapMatrix matrix_of(const ParameterInfo& info, int64_t longest) {
  SoapMatrix matrix;
  matrix.columns = info.shape.empty() ? 1 : info.shape.back();
  const int64_t end = info.trained.empty() ? info.count() : info.trained.back().end;
  matrix.rows = (end + matrix.columns - 1) / matrix.columns;
  int64_t next = 0;
  for (const Range& trained : info.trained) {
    if (trained.begin > next) matrix.masked.push_back({next, trained.begin});
    next = trained.end;
  }
  if (next > 0 && next < matrix.rows * matrix.columns) matrix.masked.push_back({next, matrix.rows * matrix.columns});
  const bool is_matrix =
      info.shape.size() > 1 && (info.kind == ParameterKind::kWeight || info.kind == ParameterKind::kEmbedding);
  const auto has_basis = [&](int64_t side) { return is_matrix && side > 1 && side <= longest; };
  if (has_basis(matrix.rows)) matrix.left = Eigenbasis(matrix.rows);
  if (has_basis(matrix.columns)) matrix.right = Eigenbasis(matrix.columns);
  return matrix;
}

class Soap : public Optimizer {
 public:
  using Options = SoapOptions;
  explicit Soap(const Options& options) : options_(options) {}
  double lr() const override { return options_.lr; }
  std::vector<std::string> slots() const override { return {"m", "v"}; }

  Matrices make_matrices(const ParameterArena& parameters) override {
    Matrices named;
    for (size_t i = 0; i < parameters.parameters().size(); ++i) {
      const ParameterInfo& info = parameters.parameters()[i];
      matrices_.push_back(matrix_of(info, options_.longest));
      for (const auto& [side, basis] :
           {std::pair("left", matrices_.back().left), std::pair("right", matrices_.back().right)}) {
        if (!basis.defined()) continue;
        named.push_back({fmt::format("{}_moment/{}", side, info.path), basis.moment, i});
        named.push_back({fmt::format("{}_basis/{}", side, info.path), basis.vectors, i});
      }
    }
    return named;
  }

  bool preconditions() const override { return true; }
  void precondition(const UpdateStep& step, size_t index, Tensor& gradient, std::span<Tensor> slots) override {
    SoapMatrix& matrix = matrices_[index];
    Tensor g = matrix.of(gradient), m = matrix.of(slots[0]), v = matrix.of(slots[1]);
    for (int64_t i = 0; i < g.count(); ++i) g.data<float>()[i] *= step.scale.gradient;
    // No step, as Adam takes none where v overflows: an infinite moment would have no basis.
    if (!std::isfinite(static_cast<float>(squared_norm(g)))) return g.fill(0);
    if (step.number == 1) {
      if (matrix.left.defined()) matrix.left.begin_rows(g);
      if (matrix.right.defined()) matrix.right.begin_columns(g);
      learn(matrix, g);
      return g.fill(0);
    }
    const int64_t updates = step.number - 1;  // of the two moments, with this one
    const Tensor turned = matrix.turned(g);
    const double eps = options_.eps + (matrix.turns() ? kRounding * norm_of_roots(v, turned, updates) : 0);
    Tensor direction = Tensor::zeros(turned.shape());
    const Range all = {0, turned.count()};
    float* const moments[] = {m.data<float>(), v.data<float>()};
    mlrun::update(
        AdamStep{.lr = -1,  // upwards: the update subtracts it
                 .beta1 = options_.betas[0],
                 .beta2 = options_.betas[1],
                 .eps = eps,
                 .number = updates},
        {},
        {.weights = direction.data<float>(), .gradients = turned.data<float>(), .slots = moments, .runs = {&all, 1}});
    direction = matrix.turned_back(direction);
    learn(matrix, g);
    if (updates % options_.frequency == 0) renew(matrix, m);
    g.copy_from(direction);
    for (const Range& masked : matrix.masked)
      std::fill(g.data<float>() + masked.begin, g.data<float>() + masked.end, 0.0f);
  }

  void update(const UpdateStep& step, const kernels::ParameterSlice& slice) const override {
    const double lr = step.number == 1 ? 0 : step.lr;
    mlrun::update(SgdStep{.lr = lr, .weight_decay = step.decay ? options_.weight_decay : 0},
                  {.average_decay = step.scale.average_decay}, slice);
  }

 private:
  // The root of the sum of v, without its bias, as it will be.
  double norm_of_roots(const Tensor& v, const Tensor& gradient, int64_t step) const {
    const double beta = options_.betas[1];
    const double after = beta * sum(v) + (1 - beta) * squared_norm(gradient);
    return std::sqrt(after / (1 - std::pow(beta, static_cast<double>(step))));
  }
  void learn(SoapMatrix& matrix, const Tensor& gradient) const {
    if (matrix.left.defined()) matrix.left.learn_rows(gradient, options_.betas[1]);
    if (matrix.right.defined()) matrix.right.learn_columns(gradient, options_.betas[1]);
  }
  // The first moment is carried to the new bases; the second stays as it is, as in the paper.
  static void renew(SoapMatrix& matrix, Tensor& m) {
    const Tensor plain = matrix.turned_back(m);
    if (matrix.left.defined()) matrix.left.iterate();
    if (matrix.right.defined()) matrix.right.iterate();
    m.copy_from(matrix.turned(plain));
  }

  Options options_;
  std::vector<SoapMatrix> matrices_;  // of each parameter
};

[[maybe_unused]] const bool registered =
    register_optimizer<Soap>("soap", "Adam in the eigenbasis of Shampoo's preconditioner (Vyas et al. 2024)");

}  // namespace
}  // namespace mlrun
