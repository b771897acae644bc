#include "kernels/conv/conv.hpp"

#include <vector>

#include "catch.hpp"
#include "every_target.hpp"
#include "tensor/random_tensor.hpp"

using namespace mlrun;
using namespace mlrun::kernels;

namespace {

struct Shape2d {
  int64_t images, height, width, in, out;
  Outline outline;
  int64_t stride = 1;
  int64_t inputs() const { return images * height * width * stride * stride; }
};

const Outline kPointwise = {{0, 0, 0}}, kMaskA7 = {{-3, -3, 3}, {-2, -3, 3}, {-1, -3, 3}, {0, -3, -1}},
              kMaskB3 = {{-1, -1, 1}, {0, -1, 0}}, kAbove = {{-1, 0, 0}}, kLeft = {{0, -1, 0}},
              kFull = {{-1, -1, 1}, {0, -1, 1}, {1, -1, 1}}, kAskew = {{-2, 1, 2}, {1, -3, -2}},
              kFour = {{-1, -1, 2}, {0, -1, 2}, {1, -1, 2}, {2, -1, 2}};

std::vector<Shape2d> shapes() {
  return {{2, 5, 28, 3, 16, kMaskB3},     {1, 4, 7, 1, 33, kMaskA7}, {2, 3, 4, 17, 1, kPointwise},
          {1, 6, 5, 5, 70, kFull},        {3, 4, 3, 8, 20, kAbove},  {1, 3, 15, 2, 5, kLeft},
          {2, 4, 6, 3, 31, kAskew},       {1, 1, 1, 4, 4, kFull},    {2, 3, 4, 3, 20, kFour, 2},
          {1, 2, 3, 5, 4, kPointwise, 2}, {1, 3, 2, 2, 3, kAskew, 3}};
}

Tensor random(const Shape& shape, uint64_t seed) { return test::random_tensor(shape, seed); }

// y in double, by definition.
std::vector<double> naive(const Shape2d& s, const float* x, const float* w, const float* bias, bool relu) {
  std::vector<double> y(static_cast<size_t>(s.images * s.height * s.width * s.out));
  for (int64_t i = 0; i < s.images; ++i)
    for (int64_t r = 0; r < s.height; ++r)
      for (int64_t c = 0; c < s.width; ++c)
        for (int64_t o = 0; o < s.out; ++o) {
          double sum = bias ? static_cast<double>(bias[o]) : 0.0;
          int64_t tap = 0;
          for (const KernelRow& k : s.outline)
            for (int64_t dc = k.first; dc <= k.last; ++dc, ++tap) {
              const int64_t rr = s.stride * r + k.row, cc = s.stride * c + dc;
              if (rr < 0 || cc < 0 || rr >= s.stride * s.height || cc >= s.stride * s.width) continue;
              for (int64_t a = 0; a < s.in; ++a) {
                const double v =
                    static_cast<double>(x[((i * s.stride * s.height + rr) * s.stride * s.width + cc) * s.in + a]);
                sum += (relu && v < 0 ? 0 : v) * static_cast<double>(w[(tap * s.in + a) * s.out + o]);
              }
            }
          y[static_cast<size_t>(((i * s.height + r) * s.width + c) * s.out + o)] = sum;
        }
  return y;
}

ConvShape shape_of(const Shape2d& s) { return {s.height, s.width, s.in, s.out, s.outline, s.stride}; }

}  // namespace

TEST_CASE("a convolution agrees with its definition, for every outline, with and without relu") {
  on_every_target([] {
    for (const Shape2d& s : shapes()) {
      const int64_t taps = taps_of(s.outline), pixels = s.images * s.height * s.width;
      const Tensor x = random({s.inputs(), s.in}, 1), w = random({taps, s.in, s.out}, 2), b = random({s.out}, 3);
      const Tensor add = random({pixels, s.out}, 4);
      for (const bool relu : {false, true}) {
        const PackedKernel kernel(shape_of(s), w.data<float>(), b.data<float>());
        Tensor y({pixels, s.out});
        conv(kernel, x.data<float>(), s.images, {.relu = relu}, {.add = add.data<float>()}, y.data<float>());
        const auto expected = naive(s, x.data<float>(), w.data<float>(), b.data<float>(), relu);
        double worst = 0;
        for (int64_t k = 0; k < y.count(); ++k) {
          const double want = expected[static_cast<size_t>(k)] + static_cast<double>(add.data<float>()[k]);
          worst = std::max(worst, std::abs(want - static_cast<double>(y.data<float>()[k])));
        }
        CHECK(worst < 1e-4);
      }
    }
  });
}

TEST_CASE("the gradients of a convolution are its transposes: <dy, conv x> = <turned dy, x> = <weight gradient, w>") {
  on_every_target([] {
    for (const Shape2d& s : shapes()) {
      const int64_t taps = taps_of(s.outline), pixels = s.images * s.height * s.width;
      const Tensor x = random({s.inputs(), s.in}, 1), w = random({taps, s.in, s.out}, 2),
                   dy = random({pixels, s.out}, 5);
      const auto y = naive(s, x.data<float>(), w.data<float>(), nullptr, false);
      double direct = 0, through_x = 0, through_w = 0;
      for (int64_t k = 0; k < dy.count(); ++k)
        direct += static_cast<double>(dy.data<float>()[k]) * y[static_cast<size_t>(k)];
      Tensor dx({s.inputs(), s.in}), dw = random({taps, s.in, s.out}, 6);
      const Tensor before = dw.clone();
      conv_turned(TurnedKernel(shape_of(s), w.data<float>()), dy.data<float>(), s.images, {}, dx.data<float>());
      conv_weight_gradient(shape_of(s), x.data<float>(), dy.data<float>(), s.images, {}, true, dw.data<float>());
      for (int64_t k = 0; k < x.count(); ++k)
        through_x += static_cast<double>(dx.data<float>()[k] * x.data<float>()[k]);
      for (int64_t k = 0; k < w.count(); ++k) {
        through_w += static_cast<double>((dw.data<float>()[k] - before.data<float>()[k]) * w.data<float>()[k]);
      }
      const double margin = 1e-4 * static_cast<double>(1 + s.in * s.out * taps);
      CHECK(through_x == Approx(direct).margin(margin));
      CHECK(through_w == Approx(direct).margin(margin));
    }
  });
}

TEST_CASE("the input's gradient passes where the input was positive, and is added to what is there") {
  const Shape2d s = {1, 4, 5, 3, 20, kMaskB3};
  const Tensor w = random({5, 3, 20}, 2), dy = random({20, 20}, 5), x = random({20, 3}, 1);
  const TurnedKernel turned(shape_of(s), w.data<float>());
  Tensor plain({20, 3}), masked = Tensor::full({20, 3}, 2.0f);
  conv_turned(turned, dy.data<float>(), 1, {}, plain.data<float>());
  conv_turned(turned, dy.data<float>(), 1, {.add = masked.data<float>(), .relu_mask = x.data<float>()},
              masked.data<float>());
  for (int64_t k = 0; k < 60; ++k) {
    CHECK(masked.data<float>()[k] == (x.data<float>()[k] > 0 ? plain.data<float>()[k] : 0.0f) + 2.0f);
  }
}

TEST_CASE("one pixel computed alone has the bits of the pixel computed with its image") {
  on_every_target([] {
    for (const Shape2d& s : shapes()) {
      if (s.stride > 1) continue;  // pixels are computed alone where orders are, without a stride
      const int64_t taps = taps_of(s.outline), pixels = s.height * s.width;
      const Tensor x = random({s.images * pixels, s.in}, 1), w = random({taps, s.in, s.out}, 2), b = random({s.out}, 3);
      const PackedKernel kernel(shape_of(s), w.data<float>(), b.data<float>());
      Tensor y({s.images * pixels, s.out});
      conv(kernel, x.data<float>(), s.images, {}, {}, y.data<float>());
      // The same images interleaved on one canvas.
      const Canvas canvas(s.outline, s.height, s.width, s.in);
      Tensor together = Tensor::zeros({canvas.count() * s.images});
      for (int64_t i = 0; i < s.images; ++i)
        for (int64_t p = 0; p < pixels; ++p)
          for (int64_t a = 0; a < s.in; ++a) {
            together.data<float>()[canvas.at(p / s.width, p % s.width) * s.images + i * s.in + a] =
                x.data<float>()[(i * pixels + p) * s.in + a];
          }
      const PixelConv at(kernel, canvas, s.images);
      bool same = true;
      for (int64_t p = 0; p < pixels; ++p) {
        std::vector<float> alone(static_cast<size_t>(s.images * s.out));
        at(together.data<float>() + canvas.at(p / s.width, p % s.width) * s.images, s.images, nullptr, alone.data());
        for (int64_t i = 0; i < s.images; ++i)
          for (int64_t o = 0; o < s.out; ++o)
            same = same && alone[static_cast<size_t>(i * s.out + o)] == y.data<float>()[(i * pixels + p) * s.out + o];
      }
      CHECK(same);
    }
  });
}
