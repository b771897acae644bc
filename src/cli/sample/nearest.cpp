#include "cli/sample/nearest.hpp"

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/sample/classes.hpp"
#include "experiment/codes_dataset.hpp"
#include "experiment/trained_data.hpp"

namespace mlrun::cli {
namespace {

std::string distance_words(double distance, const std::string& unit) {
  return unit == "pixels" ? fmt::format("{:.0f} pixels", distance) : fmt::format("rms {:.1f}", distance);
}

}  // namespace

NearestOutcome nearest_of(const Samples& samples, const TrainedModel& model, int64_t most, LanePool& pool) {
  const std::unique_ptr<Dataset> data = data_of(model);
  const CodesDataset* codes = as_codes(*data);
  return nearest_images(samples.symbols, codes ? codes->images() : *data, most, pool);
}

figure::SheetCaptions captions_of(const NearestOutcome& outcome, const Samples& samples, const DataNames& names) {
  figure::SheetCaptions captions;
  for (size_t i = 0; i < outcome.samples.size(); ++i) {
    captions.of_rows.push_back(samples.labels.empty()
                                   ? fmt::format("sample {}", i)
                                   : fmt::format("sample {}, {}", i, caption_of_class(names, samples.labels[i])));
    captions.of_each.emplace_back();
    for (const double distance : outcome.samples[i].distances)
      captions.of_each.push_back(distance_words(distance, outcome.unit));
  }
  captions.of_columns = {"drawn", "nearest"};
  return captions;
}

std::string words_of(const NearestOutcome& outcome) {
  std::string text =
      fmt::format("the nearest of {} training images is {} away from a sample (the median of {})", outcome.train_images,
                  distance_words(outcome.median, outcome.unit), outcome.samples.size());
  if (outcome.test_images > 0)
    text += fmt::format(", and {} from a test image (of {})", distance_words(outcome.test_median, outcome.unit),
                        outcome.test_images);
  return text + (outcome.copies == 0   ? "; no sample is a copy"
                 : outcome.copies == 1 ? "; 1 sample is a copy"
                                       : fmt::format("; {} samples are copies", outcome.copies));
}

nlohmann::ordered_json answer_of(const NearestOutcome& outcome) {
  nlohmann::ordered_json samples = nlohmann::ordered_json::array();
  for (const NearestImages& nearest : outcome.samples)
    samples.push_back({{"train_rows", nearest.rows}, {"distances", nearest.distances}});
  return {{"unit", outcome.unit},
          {"train_images", outcome.train_images},
          {"median", outcome.median},
          {"test_median",
           outcome.test_images > 0 ? nlohmann::ordered_json(outcome.test_median) : nlohmann::ordered_json(nullptr)},
          {"test_images", outcome.test_images},
          {"copies", outcome.copies},
          {"samples", samples}};
}

}  // namespace mlrun::cli
