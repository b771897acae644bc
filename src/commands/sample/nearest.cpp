#include "commands/sample/nearest.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <numeric>
#include <utility>

#include "base/error.hpp"
#include "data/shown_rows.hpp"
#include "generate/picture.hpp"

namespace mlrun {
namespace {

constexpr int64_t kTrainAtOnce = 2048, kLanesOfSearch = 16;

using Candidate = std::pair<int64_t, int64_t>;  // sum of squared differences, row: ordered by both

// The `most` least candidates of one image, as a heap whose front is the worst.
class Least {
 public:
  explicit Least(int64_t most) : most_(static_cast<size_t>(most)) {}
  void offer(const Candidate& c) {
    if (kept_.size() == most_ && !(c < kept_.front())) return;
    if (kept_.size() == most_) {
      std::pop_heap(kept_.begin(), kept_.end());
      kept_.pop_back();
    }
    kept_.push_back(c);
    std::push_heap(kept_.begin(), kept_.end());
  }
  std::vector<Candidate> sorted() && {
    std::sort_heap(kept_.begin(), kept_.end());
    return std::move(kept_);
  }

 private:
  size_t most_;
  std::vector<Candidate> kept_;
};

std::vector<uint16_t> narrowed(const Tensor& symbols) {
  const int32_t* s = symbols.data<int32_t>();
  std::vector<uint16_t> out(static_cast<size_t>(symbols.count()));
  std::transform(s, s + symbols.count(), out.begin(), [](int32_t v) { return static_cast<uint16_t>(v); });
  return out;
}

int64_t squared_distance(const uint16_t* a, const uint16_t* b, size_t width) {
  // Pieces whose sum fits 32 bits, so that they are added many at once: 4096 * 1023^2 does.
  constexpr size_t kPiece = 4096;
  constexpr int32_t kLargeSymbol = 1023;
  int64_t sum = 0;
  for (size_t begin = 0; begin < width; begin += kPiece) {
    const size_t end = std::min(width, begin + kPiece);
    uint32_t part = 0;
    int32_t largest = 0;
    for (size_t i = begin; i < end; ++i) {
      const int32_t d = std::abs(static_cast<int32_t>(a[i]) - static_cast<int32_t>(b[i]));
      largest = std::max(largest, d);
      part += static_cast<uint32_t>(d) * static_cast<uint32_t>(d);
    }
    if (largest <= kLargeSymbol) {
      sum += part;
      continue;
    }
    for (size_t i = begin; i < end; ++i) {
      const int64_t d = static_cast<int64_t>(a[i]) - static_cast<int64_t>(b[i]);
      sum += d * d;
    }
  }
  return sum;
}

// Of each image, its nearest training images.
std::vector<NearestImages> search(const Tensor& images, const Dataset& data, int64_t most, LanePool& pool) {
  const std::vector<uint16_t> wanted = narrowed(images);
  const auto count = static_cast<size_t>(images.dim(0)), width = static_cast<size_t>(data.spec().positions());
  const int64_t rows = data.count(Split::kTrain);
  std::vector<Least> least(count, Least(std::min(most, rows)));
  for (int64_t begin = 0; begin < rows; begin += kTrainAtOnce) {
    std::vector<int64_t> some(static_cast<size_t>(std::min(kTrainAtOnce, rows - begin)));
    std::iota(some.begin(), some.end(), begin);
    const std::vector<uint16_t> train = narrowed(data.batch(Split::kTrain, some, 0).symbols);
    pool.run(kLanesOfSearch, [&](int64_t lane) {
      for (auto i = static_cast<size_t>(lane); i < count; i += static_cast<size_t>(kLanesOfSearch)) {
        for (size_t r = 0; r < some.size(); ++r)
          least[i].offer({squared_distance(&wanted[i * width], &train[r * width], width), some[r]});
      }
    });
  }
  const bool binary = data.spec().alphabet == 2;
  std::vector<NearestImages> found(count);
  for (size_t i = 0; i < count; ++i) {
    for (const auto& [sum, row] : std::move(least[i]).sorted()) {
      const auto squares = static_cast<double>(sum);
      found[i].rows.push_back(row);
      found[i].distances.push_back(binary ? squares : std::sqrt(squares / static_cast<double>(width)));
    }
  }
  return found;
}

double median_of_nearest(const std::vector<NearestImages>& images) {
  std::vector<double> nearest;
  for (const NearestImages& image : images) nearest.push_back(image.distances.front());
  std::sort(nearest.begin(), nearest.end());
  const size_t n = nearest.size();
  return n == 0 ? 0 : (nearest[(n - 1) / 2] + nearest[n / 2]) / 2;
}

}  // namespace

NearestOutcome nearest_images(const Tensor& samples, const Dataset& data, int64_t most, LanePool& pool) {
  if (!data.spec().is_image())
    fail(ExitCode::kUsage, "--nearest is of images, and these data are rows of {} symbols", data.spec().positions());
  require(samples.dim(1) == data.spec().positions(), "samples of {} symbols beside images of {}", samples.dim(1),
          data.spec().positions());
  NearestOutcome outcome;
  outcome.train_images = data.count(Split::kTrain);
  outcome.unit = data.spec().alphabet == 2 ? "pixels" : "rms";
  outcome.samples = search(samples, data, most, pool);
  const std::vector<int64_t> unseen = shown_rows(data, Split::kTest, samples.dim(0));
  outcome.test_images = static_cast<int64_t>(unseen.size());
  if (!unseen.empty())
    outcome.test_median = median_of_nearest(search(data.batch(Split::kTest, unseen, 0).symbols, data, 1, pool));
  outcome.median = median_of_nearest(outcome.samples);
  const std::vector<io::Image> drawn = images_of(samples, data.spec());
  for (size_t i = 0; i < drawn.size(); ++i) {
    const NearestImages& nearest = outcome.samples[i];
    outcome.copies += nearest.distances.front() == 0 ? 1 : 0;
    outcome.pictures.push_back(drawn[i]);
    for (const io::Image& image : images_of(data.batch(Split::kTrain, nearest.rows, 0).symbols, data.spec()))
      outcome.pictures.push_back(image);
  }
  return outcome;
}

}  // namespace mlrun
