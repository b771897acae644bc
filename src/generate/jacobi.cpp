#include "generate/jacobi.hpp"

#include <algorithm>
#include <numeric>

#include "base/error.hpp"
#include "generate/draw.hpp"
#include "generate/predictive.hpp"

namespace mlrun {

JacobiDraw draw_by_jacobi(const AutoregressiveModel& model, const ParameterArena& parameters, int64_t component,
                          const std::vector<RandomStream>& streams, const int32_t* labels, const DrawLaw& law,
                          const Tensor& prefix) {
  const auto n = static_cast<int64_t>(streams.size());
  const int64_t d = model.data().positions(), alphabet = model.data().alphabet, width = logits_per_step(alphabet);
  const std::vector<int64_t>& order = model.order(component);
  std::vector<double> uniforms;
  for (const RandomStream& stream : streams) {
    Uniforms of_image(stream);
    for (int64_t t = 0; t < d; ++t) uniforms.push_back(of_image.next());
  }
  JacobiDraw drawn{.symbols = Tensor::zeros({n, d}, DType::kS32)};
  const int64_t known = prefix.defined() ? prefix.dim(1) : 0;
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t t = 0; t < known; ++t) {
      drawn.symbols.data<int32_t>()[i * d + order[static_cast<size_t>(t)]] = prefix.data<int32_t>()[i * known + t];
    }
  }
  std::vector<int64_t> moving(static_cast<size_t>(n));  // images that changed in the last pass
  std::iota(moving.begin(), moving.end(), int64_t{0});
  const int64_t at_once = model.examples_at_once() > 0 ? model.examples_at_once() : n;
  for (; !moving.empty(); ++drawn.passes) {
    require(drawn.passes <= d, "no fixed point after {} passes: a logit depends on its own or a later symbol",
            drawn.passes);
    std::vector<int64_t> still_moving;
    for (size_t begin = 0; begin < moving.size(); begin += static_cast<size_t>(at_once)) {
      const size_t count = std::min(moving.size() - begin, static_cast<size_t>(at_once));
      Batch batch;
      batch.symbols = Tensor({static_cast<int64_t>(count), d}, DType::kS32);
      if (model.conditional()) batch.labels = Tensor({static_cast<int64_t>(count)}, DType::kS32);
      for (size_t i = 0; i < count; ++i) {
        const int64_t image = moving[begin + i];
        std::copy_n(drawn.symbols.data<int32_t>() + image * d, d,
                    batch.symbols.data<int32_t>() + static_cast<int64_t>(i) * d);
        if (model.conditional()) batch.labels.data<int32_t>()[i] = labels[image];
      }
      Pass pass(parameters);
      const Tensor logits = model.logits(pass, model.ordered(batch, component), component).value();
      for (size_t i = 0; i < count; ++i) {
        const int64_t image = moving[begin + i];
        bool changed = false;
        for (int64_t t = known; t < d; ++t) {
          const float* of_step = logits.data<float>() + (static_cast<int64_t>(i) * d + t) * width;
          int32_t& symbol = drawn.symbols.data<int32_t>()[image * d + order[static_cast<size_t>(t)]];
          const int32_t now = draw_symbol(of_step, alphabet, uniforms[static_cast<size_t>(image * d + t)], law);
          changed = changed || now != symbol;
          symbol = now;
        }
        if (changed) still_moving.push_back(image);
      }
    }
    moving = std::move(still_moving);
  }
  return drawn;
}

}  // namespace mlrun
