#include "kernels/ssm/diagonal_scan.hpp"

#include <complex>

#include "catch.hpp"
#include "every_target.hpp"
#include "tensor/random_tensor.hpp"

namespace mlrun {

using test::random_tensor;

namespace {

using Complex = std::complex<double>;

Complex state(const Tensor& x, int64_t row, int64_t p, int64_t k) {
  const float* at = x.data<float>() + row * 2 * p + k;
  return {static_cast<double>(at[0]), static_cast<double>(at[p])};
}

void put(std::vector<double>& rows, int64_t row, int64_t p, int64_t k, Complex z) {
  rows[static_cast<size_t>(row * 2 * p + k)] = z.real();
  rows[static_cast<size_t>(row * 2 * p + p + k)] = z.imag();
}

}  // namespace

TEST_CASE("a diagonal scan and its gradient agree with their definition") {
  on_every_target([] {
    for (const int64_t p : {1, 5, 16, 37}) {
      for (const int64_t length : {1, 2, 64, 130}) {
        constexpr int64_t kSequences = 3;
        const Tensor lambda = random_tensor({2 * p}, 1, -0.7f, 0.7f), v = random_tensor({kSequences, length, 2 * p}, 2);
        const Tensor dx = random_tensor(v.shape(), 3);
        std::vector<double> x(static_cast<size_t>(v.count())), dv = x, dlambda(static_cast<size_t>(2 * p), 0.0);
        for (int64_t s = 0; s < kSequences; ++s) {
          for (int64_t k = 0; k < p; ++k) {
            std::vector<Complex> states;
            Complex now = 0, sum = 0;
            for (int64_t t = 0; t < length; ++t) {
              now = state(lambda, 0, p, k) * now + state(v, s * length + t, p, k);
              put(x, s * length + t, p, k, now);
              states.push_back(now);
            }
            now = 0;
            for (int64_t t = length - 1; t >= 0; --t) {
              now = std::conj(state(lambda, 0, p, k)) * now + state(dx, s * length + t, p, k);
              put(dv, s * length + t, p, k, now);
              if (t > 0) sum += now * std::conj(states[static_cast<size_t>(t - 1)]);
            }
            dlambda[static_cast<size_t>(k)] += sum.real();
            dlambda[static_cast<size_t>(p + k)] += sum.imag();
          }
        }
        Tensor y(v.shape()), back(v.shape());
        kernels::diagonal_scan(lambda.data<float>(), v.data<float>(), kSequences, length, p, y.data<float>());
        CHECK(test::difference(y, x) < 1e-5);
        std::vector<double> sums(static_cast<size_t>(2 * p), 0.0);
        kernels::diagonal_scan_gradient(lambda.data<float>(), y.data<float>(), dx.data<float>(), kSequences, length, p,
                                        back.data<float>(), sums.data());
        CHECK(test::difference(back, dv) < 1e-5);
        CHECK(test::difference(sums, dlambda) < 1e-4);  // runs of 64 are added up in float
        Tensor in_place = v.clone();                    // as promised
        kernels::diagonal_scan(lambda.data<float>(), in_place.data<float>(), kSequences, length, p,
                               in_place.data<float>());
        CHECK(test::difference(in_place, y) == 0);
      }
    }
  });
}

}  // namespace mlrun
