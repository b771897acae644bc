#include "models/autoregressive/pixel_attention.hpp"

#include <fmt/format.h>

#include <cmath>

#include "nn/initialisers.hpp"
#include "ops/attention/attention.hpp"
#include "ops/elementwise.hpp"
#include "ops/linear.hpp"
#include "ops/shape.hpp"

namespace mlrun {
namespace {

Conv pointwise(const Scope& scope, int64_t in, int64_t out) {
  return Conv(scope, {1, 1}, pointwise_outline(), in, out);
}

PixelAttention::Way way(const Scope& scope, const PixelAttentionSizes& sizes) {
  return {pointwise(scope / "enter", sizes.channels, sizes.channels),
          scope.parameter("background", {2, sizes.channels}, "row_or_column,channel", ParameterKind::kWeight,
                          initialise::lecun_uniform(2)),
          GatedResidual(scope / "residual", {.channels = sizes.channels, .dropout = sizes.dropout})};
}

// Rows and columns as numbers from -1/2 to 1/2.
Tensor places(int64_t rows, int64_t columns) {
  const auto place = [](int64_t i, int64_t count) {
    return (static_cast<float>(i) - static_cast<float>(count) / 2) / static_cast<float>(count);
  };
  Tensor to({rows * columns, 2});
  for (int64_t t = 0; t < rows * columns; ++t) {
    to.data<float>()[2 * t] = place(t / columns, rows);
    to.data<float>()[2 * t + 1] = place(t % columns, columns);
  }
  return to;
}

}  // namespace

PixelAttention::PixelAttention(const Scope& scope, const PixelAttentionSizes& sizes, const PixelEncoding& encoding,
                               const DataSpec& data)
    : rows_(data.shape[0]),
      columns_(data.shape[1]),
      sizes_(sizes),
      encoding_(encoding),
      content_(way(scope / "content", sizes)),
      question_(way(scope / "question", sizes)),
      pixel_(pointwise(scope / "content/pixel", encoding.channels(), sizes.channels)),
      key_(pointwise(scope / "key", sizes.channels, sizes.heads * sizes.keys)),
      value_(pointwise(scope / "value", sizes.channels, sizes.heads * sizes.values)),
      query_(pointwise(scope / "query", sizes.channels, sizes.heads * sizes.keys)),
      merge_(scope / "merge",
             {.channels = sizes.channels, .side = sizes.heads * sizes.values, .dropout = sizes.dropout}),
      places_(places(rows_, columns_)) {}

float PixelAttention::scale() const { return 1 / std::sqrt(static_cast<float>(sizes_.keys)); }

Variable PixelAttention::on_its_way(Pass& pass, const Way& way, const Variable& sums) const {
  const Variable background = ops::matmul(places_, pass(way.background));
  return way.residual(pass, ops::add(sums, ops::reshape(background, {1, rows_, columns_, sizes_.channels})));
}

Variable PixelAttention::operator()(Pass& pass, const Variable& x, const Tensor& symbols) const {
  const int64_t n = x.dim(0), positions = rows_ * columns_;
  const auto by_position = [&](const Variable& y) { return ops::reshape(y, {n, positions, y.dim(3)}); };
  const Variable content =
      by_position(on_its_way(pass, content_, encoding_.convolved(pass, pixel_, symbols, content_.enter(pass, x))));
  const Variable nothing = Tensor::zeros({n, 1, sizes_.channels});
  Variable before = nothing;
  if (positions > 1) before = ops::concat({nothing, ops::slice(content, 1, 0, positions - 1)}, 1);
  before = ops::reshape(before, x.shape());
  const Variable q = query_(pass, on_its_way(pass, question_, question_.enter(pass, x)));
  const Variable mixed = ops::attention(by_position(q), by_position(key_(pass, before)),
                                        by_position(value_(pass, before)), {sizes_.heads, sizes_.heads, scale(), {}});
  return merge_(pass, x, {}, ops::reshape(mixed, {n, rows_, columns_, sizes_.heads * sizes_.values}));
}

PixelAttention::PackedWay PixelAttention::packed(const Way& way) const {
  const Tensor& weight = way.background.value();
  Tensor background({rows_ * columns_, sizes_.channels});
  for (int64_t t = 0; t < rows_ * columns_; ++t) {
    const float* place = places_.data<float>() + 2 * t;
    for (int64_t k = 0; k < sizes_.channels; ++k) {
      background.data<float>()[t * sizes_.channels + k] =
          place[0] * weight.data<float>()[k] + place[1] * weight.data<float>()[sizes_.channels + k];
    }
  }
  return {way.enter.packed(rows_, columns_), background, way.residual.packed(rows_, columns_)};
}

PixelAttention::Packed PixelAttention::packed() const {
  kernels::AttentionShape shape;
  shape.heads = shape.groups = sizes_.heads;
  shape.keys = sizes_.keys;
  shape.values = sizes_.values;
  shape.scale = scale();
  return {packed(content_),
          packed(question_),
          pixel_.packed(rows_, columns_),
          key_.packed(rows_, columns_),
          value_.packed(rows_, columns_),
          query_.packed(rows_, columns_),
          merge_.packed(rows_, columns_),
          shape,
          encoding_};
}

Layout PixelAttention::layout(const std::string& path) const {
  Layout layout;
  for (const char* name : {"content/enter", "content/pixel", "question/enter", "key", "value", "query"}) {
    layout.tensor(fmt::format("{}/{}/weight", path, name), "1 x 1");
    layout.tensor(fmt::format("{}/{}/bias", path, name), "of each channel");
  }
  for (const char* name : {"content", "question"})
    layout.tensor(fmt::format("{}/{}/background", path, name), "of a pixel's row and of its column");
  layout.part("", content_.residual.layout(path + "/content/residual"));
  layout.part("", question_.residual.layout(path + "/question/residual"));
  return layout.part("", merge_.layout(path + "/merge"));
}

StepPixelAttention::StepPixelAttention(const PixelAttention::Packed& packed, int64_t images)
    : packed_(packed),
      images_(images),
      channels_(packed.content.enter.shape().out),
      content_({StepLayer(packed.content.enter, images), StepGatedResidual(packed.content.residual, images)}),
      question_({StepLayer(packed.question.enter, images), StepGatedResidual(packed.question.residual, images)}),
      pixel_(packed.pixel, images),
      key_(packed.key, images),
      value_(packed.value, images),
      query_(packed.query, images),
      merge_(packed.merge, images),
      cache_([&] {
        kernels::AttentionShape shape = packed.shape;
        shape.sequences = images;
        return shape;
      }()),
      entered_({images * channels_}),
      known_(Tensor::zeros({images * channels_})),
      asked_({images * channels_}),
      pixels_({images * packed.encoding.channels()}),
      q_({images * packed.query.shape().out}),
      k_({images * packed.key.shape().out}),
      v_({images * packed.value.shape().out}),
      mixed_({images * packed.value.shape().out}) {}

void StepPixelAttention::go(Way& way, const PixelAttention::PackedWay& packed, int64_t position, const float* sums,
                            float* to) {
  const float* background = packed.background.data<float>() + position * channels_;
  for (int64_t i = 0; i < images_; ++i) {
    for (int64_t k = 0; k < channels_; ++k) to[i * channels_ + k] = sums[i * channels_ + k] + background[k];
  }
  way.residual.at(0, 0, nullptr, nullptr, to);
}

void StepPixelAttention::step(float* x) {
  const auto pointwise = [](StepLayer& layer, const float* from, float* to) {
    layer.put(0, 0, from, false);
    layer.at(0, 0, nullptr, to);
  };
  pointwise(key_, known_.data<float>(), k_.data<float>());
  pointwise(value_, known_.data<float>(), v_.data<float>());
  pointwise(content_.enter, x, entered_.data<float>());
  pointwise(question_.enter, x, asked_.data<float>());
  go(question_, packed_.question, cache_.position(), asked_.data<float>(), asked_.data<float>());
  pointwise(query_, asked_.data<float>(), q_.data<float>());
  kernels::AttentionStretch stretch;
  stretch.q = q_.data<float>();
  stretch.k = k_.data<float>();
  stretch.v = v_.data<float>();
  cache_.extend(stretch, mixed_.data<float>());
  merge_.at(0, 0, nullptr, mixed_.data<float>(), x);
}

void StepPixelAttention::observe(const int32_t* symbols) {
  const int64_t channels = packed_.encoding.channels();
  for (int64_t i = 0; i < images_; ++i) packed_.encoding.pixel(symbols[i], pixels_.data<float>() + i * channels);
  pixel_.put(0, 0, pixels_.data<float>(), false);
  pixel_.at(0, 0, entered_.data<float>(), known_.data<float>());
  go(content_, packed_.content, cache_.position() - 1, known_.data<float>(), known_.data<float>());
}

}  // namespace mlrun
