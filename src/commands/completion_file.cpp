#include "commands/completion_file.hpp"

#include <algorithm>

namespace mlrun {

void write_orders(io::Hdf5Writer& file, const std::vector<std::vector<int64_t>>& orders) {
  Tensor table({static_cast<int64_t>(orders.size()), static_cast<int64_t>(orders.front().size())}, DType::kS32);
  int32_t* place = table.data<int32_t>();
  for (const std::vector<int64_t>& order : orders)
    place = std::transform(order.begin(), order.end(), place, [](int64_t p) { return static_cast<int32_t>(p); });
  file.dataset("orders", table);
}

}  // namespace mlrun
