#include "mixers/positions/attention_positions.hpp"

#include "ops/embedding.hpp"

namespace mlrun {
namespace {

// Without positions, what attention sees is a set: only the mask knows of an order.
class NoPositions : public AttentionPositions {
 public:
  struct Options {
    explicit Options(config::Reader&) {}
  };
  NoPositions(const Options&, const AttentionLayout&, const Scope&) {}
  void enter(Pass&, AttentionTerms&) const override {}
  std::unique_ptr<PositionSteps> steps() const override { return std::make_unique<Steps>(); }
  Layout layout() const override { return Layout().line("positions: none here"); }

 private:
  class Steps : public PositionSteps {
    void extend(const PositionStretch&) const override {}
  };
};

[[maybe_unused]] const bool registered =
    register_attention_positions<NoPositions>("none", "no positions here; model.positions may add some");

}  // namespace

AttentionPositionRegistry& attention_position_kinds() {
  static AttentionPositionRegistry registry;
  return registry;
}

Variable rows_by_distance(const Variable& table, const std::vector<int64_t>& index) {
  Tensor ids({static_cast<int64_t>(index.size())}, DType::kS32);
  for (size_t d = 0; d < index.size(); ++d) ids.data<int32_t>()[d] = static_cast<int32_t>(index[d]);
  return ops::embedding(table, ids);
}

}  // namespace mlrun
