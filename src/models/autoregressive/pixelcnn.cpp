// PixelCNN (van den Oord, Kalchbrenner & Kavukcuoglu 2016). With the defaults it has 53,569 parameters.
#include "models/autoregressive/packed_step_view.hpp"
#include "models/autoregressive/pixelcnn_network.hpp"
#include "models/model.hpp"
#include "models/order.hpp"

namespace mlrun {
namespace {

struct PixelCnnOptions {
  explicit PixelCnnOptions(config::Reader& reader)
      : sizes(reader, 15), head(reader, 32), input(read_pixel_input(reader)), condition(read_condition(reader)) {}
  PixelCnnSizes sizes;
  PixelHeadOptions head;
  PixelInput input;
  Condition condition;
};

class PixelCnn : public AutoregressiveModel {
 public:
  using Options = PixelCnnOptions;
  static Facts facts(const Options&) { return {.examples_per_lane = 4, .blocks = true}; }

  PixelCnn(const Options& options, const DataSpec& data, const Scope& scope)
      : AutoregressiveModel((require_images(data, "pixelcnn"), data), options.condition, scope),
        order_(make_order(OrderKind::kRaster, data, scope)),
        network_(options.sizes, options.head, PixelEncoding(options.input, data), data, classes(), scope) {}

  const std::vector<int64_t>& order(int64_t) const override { return order_; }
  int64_t examples_at_once() const override { return 4; }

  Variable logits(Pass& pass, const OrderedBatch& batch, int64_t) const override {
    return network_.logits(pass, batch.symbols, conditional() ? &labels_of(batch) : nullptr);
  }

  bool views_share_bits() const override { return true; }  // kernels/conv/conv.hpp
  std::unique_ptr<StepView> step_view(const ParameterArena&, int64_t) const override {
    return std::make_unique<PackedStepView<PixelCnnNetwork::Packed, PixelCnnStepper>>(network_.packed());
  }

 protected:
  Layout network_layout() const override { return network_.layout(); }

 private:
  std::vector<int64_t> order_;
  PixelCnnNetwork network_;
};

[[maybe_unused]] const bool registered =
    register_model<PixelCnn>("pixelcnn", "Masked convolutions with residual blocks (van den Oord et al. 2016)");

}  // namespace
}  // namespace mlrun
