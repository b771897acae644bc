#include <algorithm>

#include "models/model.hpp"

namespace mlrun {

void Model::in_pieces(int64_t count, const std::function<void(int64_t begin, int64_t end)>& work) const {
  const int64_t most = examples_at_once() > 0 ? examples_at_once() : std::max<int64_t>(1, count);
  for (int64_t begin = 0; begin < count; begin += most) work(begin, std::min(count, begin + most));
}

}  // namespace mlrun
