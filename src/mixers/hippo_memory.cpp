#include "mixers/hippo_memory.hpp"

#include <algorithm>
#include <cmath>

#include "hippo/legs_restriction.hpp"
#include "kernels/product/matmul.hpp"
#include "kernels/recurrent/hippo_cell.hpp"

namespace mlrun {
namespace {

using kernels::Transpose;
using Memory = ops::MemoryUpdate;

std::vector<float> floats(const std::vector<double>& values) {
  std::vector<float> f;
  for (const double v : values) f.push_back(static_cast<float>(v));
  return f;
}

// c += f b, for rows.
void add_input(Memory::Write c, int64_t rows, const std::vector<float>& b, const float* f) {
  for (int64_t i = 0; i < rows; ++i) {
    float* to = c.data + i * c.stride;
    for (size_t n = 0; n < b.size(); ++n) to[n] += f[i] * b[n];
  }
}

void project(Memory::Read dc, int64_t rows, const std::vector<float>& b, float* df) {
  for (int64_t i = 0; i < rows; ++i) {
    const float* from = dc.data + i * dc.stride;
    double sum = 0;
    for (size_t n = 0; n < b.size(); ++n) sum += static_cast<double>(from[n]) * static_cast<double>(b[n]);
    df[i] = static_cast<float>(sum);
  }
}

// y = x M, M [order, order] row-major, each row added up in one order.
void rows_times(Memory::Read x, int64_t rows, const float* m, int64_t order, Memory::Write y) {
  for (int64_t i = 0; i < rows; ++i) {
    float* to = y.data + i * y.stride;
    std::fill_n(to, order, 0.0f);
    for (int64_t k = 0; k < order; ++k) {
      const float from = x.data[i * x.stride + k];
      for (int64_t n = 0; n < order; ++n) to[n] += from * m[k * order + n];
    }
  }
}

void product(Memory::Read x, int64_t rows, const float* m, Transpose transpose, int64_t order, Memory::Write y) {
  kernels::matmul({x.data, x.stride}, {m, order, transpose}, {y.data, y.stride}, {rows, order, order});
}

class LegsScan : public ops::MemoryUpdate {
 public:
  LegsScan(int64_t order, hippo::Discretisation rule) : order_(order), rule_(rule) {
    for (int64_t n = 0; n < order; ++n) {
      roots_.push_back(static_cast<float>(std::sqrt(2 * static_cast<double>(n) + 1)));
    }
  }
  int64_t order() const override { return order_; }

  void forward(int64_t t, int64_t rows, Read c_before, const float* f, Write c) const override {
    kernels::LegsStep step;
    set(step, t, rows);
    if (t > 0) step.c_before = c_before;
    step.f = f;
    step.c = c;
    kernels::legs_step(step);
  }
  void backward(int64_t t, int64_t rows, Read dc, Write dc_before, float* df) const override {
    kernels::LegsStepGradient step;
    set(step, t, rows);
    step.dc = dc;
    step.dc_before = dc_before;
    step.df = df;
    kernels::legs_step_gradient(step);
  }
  void step(int64_t t, int64_t rows, Read c_before, const float* f, Write c) const override {
    forward(t, rows, c_before, f, c);
  }

 private:
  template <class Step>
  void set(Step& step, int64_t t, int64_t rows) const {
    const double d = 1 / static_cast<double>(t + 1);
    const double share = rule_ == hippo::Discretisation::kForward    ? 1
                         : rule_ == hippo::Discretisation::kBilinear ? 0.5
                                                                     : 0;
    step.rows = rows;
    step.order = order_;
    step.d = static_cast<float>(d);
    step.behind = static_cast<float>(d * share);
    step.ahead = static_cast<float>(d * (1 - share));
    step.roots = roots_.data();
  }
  int64_t order_;
  hippo::Discretisation rule_;
  std::vector<float> roots_;
};

class LegsHold : public ops::MemoryUpdate {
 public:
  explicit LegsHold(int64_t order) : restriction_(order), samples_(floats(restriction_.samples().data)) {}
  int64_t order() const override { return restriction_.order(); }

  void forward(int64_t t, int64_t rows, Read c_before, const float* f, Write c) const override {
    const AtStep now(*this, t);
    Tensor middle({rows, order()});
    const Write nodes = {middle.data<float>(), order()};
    product(c_before, rows, samples_.data(), Transpose::kYes, order(), nodes);
    product({nodes.data, nodes.stride}, rows, now.w_turned.data(), Transpose::kNo, order(), c);
    add_input(c, rows, now.b, f);
  }
  void backward(int64_t t, int64_t rows, Read dc, Write dc_before, float* df) const override {
    const AtStep now(*this, t);
    Tensor middle({rows, order()});
    const Write nodes = {middle.data<float>(), order()};
    product(dc, rows, now.w_turned.data(), Transpose::kYes, order(), nodes);
    product({nodes.data, nodes.stride}, rows, samples_.data(), Transpose::kNo, order(), dc_before);
    project(dc, rows, now.b, df);
  }
  void step(int64_t t, int64_t rows, Read c_before, const float* f, Write c) const override {
    const AtStep now(*this, t);
    std::vector<float> nodes(static_cast<size_t>(order()));
    for (int64_t i = 0; i < rows; ++i) {
      const float* from = c_before.data + i * c_before.stride;
      for (int64_t q = 0; q < order(); ++q) {
        double sum = 0;
        for (int64_t m = 0; m < order(); ++m) {
          sum += static_cast<double>(samples_[static_cast<size_t>(q * order() + m)]) * static_cast<double>(from[m]);
        }
        nodes[static_cast<size_t>(q)] = static_cast<float>(sum);
      }
      rows_times({nodes.data(), order()}, 1, now.w_turned.data(), order(), {c.data + i * c.stride, c.stride});
    }
    add_input(c, rows, now.b, f);
  }

 private:
  struct AtStep {
    AtStep(const LegsHold& memory, int64_t t) {
      hippo::Matrix w;
      std::vector<double> input;
      memory.restriction_.step(t + 1, w, input);
      w_turned = floats(w.data);
      b = floats(input);
    }
    std::vector<float> w_turned, b;
  };
  hippo::LegsRestriction restriction_;
  std::vector<float> samples_;
};

class Fixed : public ops::MemoryUpdate {
 public:
  explicit Fixed(const hippo::Recurrence& r) : order_(r.a.rows), b_(floats(r.b)) {
    for (int64_t k = 0; k < order_; ++k) {
      for (int64_t n = 0; n < order_; ++n) turned_.push_back(static_cast<float>(r.a.at(n, k)));
    }
  }
  int64_t order() const override { return order_; }

  void forward(int64_t, int64_t rows, Read c_before, const float* f, Write c) const override {
    product(c_before, rows, turned_.data(), Transpose::kNo, order_, c);
    add_input(c, rows, b_, f);
  }
  void backward(int64_t, int64_t rows, Read dc, Write dc_before, float* df) const override {
    product(dc, rows, turned_.data(), Transpose::kYes, order_, dc_before);
    project(dc, rows, b_, df);
  }
  void step(int64_t, int64_t rows, Read c_before, const float* f, Write c) const override {
    rows_times(c_before, rows, turned_.data(), order_, c);
    add_input(c, rows, b_, f);
  }

 private:
  int64_t order_;
  std::vector<float> turned_, b_;  // A^T
};

}  // namespace

std::shared_ptr<const ops::MemoryUpdate> hippo_memory(hippo::Measure measure, int64_t order, hippo::Discretisation rule,
                                                      double theta) {
  if (measure != hippo::Measure::kLegS) {
    return std::make_shared<Fixed>(hippo::discretise(hippo::system_of(measure, order, theta), 1.0, rule));
  }
  if (rule == hippo::Discretisation::kZoh) return std::make_shared<LegsHold>(order);
  return std::make_shared<LegsScan>(order, rule);
}

}  // namespace mlrun
