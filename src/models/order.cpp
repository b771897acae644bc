#include "models/order.hpp"

#include <numeric>

namespace mlrun {

OrderKind read_order(config::Reader& reader) {
  return reader.one_of<OrderKind>("order", {{"raster", OrderKind::kRaster}, {"random", OrderKind::kRandom}},
                                  {.help = "in which the positions are visited", .fallback = "raster"});
}

std::vector<int64_t> make_order(OrderKind kind, const DataSpec& data, const Scope& scope, int64_t component) {
  if (kind == OrderKind::kRandom)
    return scope.random("order").at(static_cast<uint64_t>(component)).permutation(data.positions());
  std::vector<int64_t> order(static_cast<size_t>(data.positions()));
  std::iota(order.begin(), order.end(), int64_t{0});
  return order;
}

void record_order(const Scope& scope, const std::string& name, const std::vector<int64_t>& order) {
  scope.buffer(name,
               Tensor::of({static_cast<int64_t>(order.size())}, std::vector<int32_t>(order.begin(), order.end())));
}

}  // namespace mlrun
