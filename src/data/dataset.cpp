#include "data/dataset.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/error.hpp"

namespace mlrun {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

const char* name_of(Split split) {
  switch (split) {
    case Split::kTrain:
      return "train";
    case Split::kValid:
      return "valid";
    case Split::kTest:
      return "test";
  }
  return "?";
}

Split split_named(const std::string& name) {
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest}) {
    if (name == name_of(split)) return split;
  }
  fail(ExitCode::kUsage, "unknown split '{}': expected train, valid or test", name);
}

io::Image Dataset::render(std::span<const int32_t> symbols) const {
  const DataSpec& data = spec();
  require(data.is_image(), "rendering symbols of shape {} as an image", to_string(data.shape));
  require(static_cast<int64_t>(symbols.size()) == data.positions(), "rendering {} symbols as shape {}", symbols.size(),
          to_string(data.shape));
  auto image = io::Image::filled(static_cast<int>(data.shape[1]), static_cast<int>(data.shape[0]), 0);
  const int64_t top = std::max<int64_t>(data.alphabet - 1, 1);
  for (size_t i = 0; i < symbols.size(); ++i) {
    image.pixels[i] = static_cast<uint8_t>((std::clamp<int64_t>(symbols[i], 0, top) * 255 + top / 2) / top);
  }
  return image;
}

std::string Dataset::why_no_labels() const { return spec().classes ? "" : "this data set has no labels"; }

DatasetRegistry& dataset_kinds() {
  static DatasetRegistry registry;
  return registry;
}

DataSources data_sources_from_environment(uint64_t seed) {
  DataSources sources;
  sources.seed = seed;
  sources.root = environment("MLRUN_DATA_ROOT");
  if (sources.root.empty()) sources.root = "data";
  if (const std::string cache = environment("XDG_CACHE_HOME"); !cache.empty()) sources.cache = cache + "/mlrun";
  else if (const std::string home = environment("HOME"); !home.empty()) sources.cache = home + "/.cache/mlrun";
  return sources;
}

}  // namespace mlrun
