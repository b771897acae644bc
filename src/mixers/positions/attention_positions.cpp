#include "mixers/positions/attention_positions.hpp"

#include <cstdlib>

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

 private:
  class Steps : public PositionSteps {
    void step(PositionStep&) const override {}
  };
};

[[maybe_unused]] const bool registered =
    register_attention_positions<NoPositions>("none", "no positions here; model.positions may add some");

}  // namespace

AttentionPositionRegistry& attention_position_kinds() {
  static AttentionPositionRegistry registry;
  return registry;
}

int64_t nearest_heads(int64_t width, int64_t heads, int64_t multiple) {
  int64_t nearest = 0;
  for (int64_t h = 1; h <= width; ++h) {
    if (width % h != 0 || width / h % multiple != 0) continue;
    if (nearest == 0 || std::abs(h - heads) < std::abs(nearest - heads)) nearest = h;
  }
  return nearest;
}

Variable rows_by_distance(const Variable& table, const std::vector<int64_t>& index) {
  Tensor ids({static_cast<int64_t>(index.size())}, DType::kS32);
  for (size_t d = 0; d < index.size(); ++d) ids.data<int32_t>()[d] = static_cast<int32_t>(index[d]);
  return ops::embedding(table, ids);
}

}  // namespace mlrun
