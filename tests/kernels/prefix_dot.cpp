#include "kernels/product/prefix_dot.hpp"

#include <vector>

#include "base/random.hpp"
#include "catch.hpp"
#include "every_target.hpp"

using namespace mlrun;

TEST_CASE("prefix dot products agree with a double loop, and do not depend on how many images are at hand") {
  on_every_target([] {
    for (const int64_t length : {0, 1, 3, 15, 16, 17, 31, 47, 64, 100}) {
      const int64_t count = 7, rows = 3, ldx = 101, ldw = 103, ldy = 4;
      const RandomStream noise(1, "prefix_dot");
      std::vector<float> x(count * ldx), w(rows * ldw), bias = {0.5f, -1.0f, 2.0f}, y(count * ldy, 1.0f);
      for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(noise.normal(i));
      for (size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(noise.normal(100000 + i));
      kernels::prefix_dot(x.data(), ldx, count, w.data(), ldw, bias.data(), rows, length, y.data(), ldy, false);
      for (int64_t i = 0; i < count; ++i) {
        for (int64_t r = 0; r < rows; ++r) {
          double sum = bias[static_cast<size_t>(r)];
          for (int64_t k = 0; k < length; ++k)
            sum += static_cast<double>(x[static_cast<size_t>(i * ldx + k)]) * w[static_cast<size_t>(r * ldw + k)];
          CHECK(y[static_cast<size_t>(i * ldy + r)] == Approx(sum).margin(1e-4));
          float alone = 0;
          kernels::prefix_dot(x.data() + i * ldx, ldx, 1, w.data() + r * ldw, ldw, &bias[static_cast<size_t>(r)], 1,
                              length, &alone, 1, false);
          CHECK(alone == y[static_cast<size_t>(i * ldy + r)]);
        }
        CHECK(y[static_cast<size_t>(i * ldy + 3)] == 1.0f);
      }
      std::vector<float> twice = y;
      kernels::prefix_dot(x.data(), ldx, count, w.data(), ldw, bias.data(), rows, length, twice.data(), ldy, true);
      CHECK(twice[0] == Approx(2 * y[0]).margin(1e-4));
    }
  });
}
