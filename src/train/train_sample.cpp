#include "train/train_sample.hpp"

#include <algorithm>

namespace mlrun {

TrainSample::TrainSample(const Dataset& data, int64_t size) : data_(data) {
  const int64_t all = data.count(Split::kTrain), count = std::min(size, all);
  for (int64_t i = 0; i < count; ++i) rows_.push_back(i * all / count);
}

Batch TrainSample::batch(Split, std::span<const int64_t> rows, int64_t) const {
  std::vector<int64_t> chosen;
  for (const int64_t row : rows) chosen.push_back(rows_[static_cast<size_t>(row)]);
  return data_.batch(Split::kTrain, chosen, 0);
}

}  // namespace mlrun
