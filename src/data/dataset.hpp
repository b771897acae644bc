// A data set: three splits of rows of symbols. Immutable after construction; every method may be called from any lane.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "config/registry.hpp"
#include "data/captions/picture_captions.hpp"
#include "data/captions/stream.hpp"
#include "data/vocabulary.hpp"
#include "io/image.hpp"
#include "symbols/data_names.hpp"
#include "symbols/data_spec.hpp"

namespace mlrun {

enum class Split { kTrain, kValid, kTest };
const char* name_of(Split split);            // "train", "valid", "test"
Split split_named(const std::string& name);  // fails with kUsage, naming the three

// Where data sets look for files, and what fixes their random parts (splits, binarization).
struct DataSources {
  std::string root;   // MLRUN_DATA_ROOT, or "data"; paths in specs are relative to it
  std::string cache;  // packed copies; "" for none
  uint64_t seed = 1;  // of the experiment
  uint64_t draw = 0;  // which binarization of valid and test (where it is random): 0 is the one that runs are judged by
};

class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual const DataSpec& spec() const = 0;
  virtual int64_t count(Split split) const = 0;
  // The given rows of the split. Only the training split may depend on the epoch (dynamic binarization).
  virtual Batch batch(Split split, std::span<const int64_t> rows, int64_t epoch) const = 0;
  // Of the training split, for a step of training: images that may be augmented. Everybody else looks at plain ones.
  virtual Batch training_batch(std::span<const int64_t> rows, int64_t epoch) const {
    return batch(Split::kTrain, rows, epoch);
  }
  // How the symbols came to be, in words that decide comparability: "static (Larochelle)", "dynamic (seed 1)".
  virtual std::string protocol() const = 0;
  virtual std::string hash() const = 0;  // SHA-256 (hex) of the content of all splits, before random binarization
  virtual std::string description() const = 0;  // one line for the header: "MNIST 50000/10000/10000, binarized: static"
  // Whether rows can be shown as pictures.
  virtual bool has_pictures() const { return spec().is_image(); }
  // Symbols [positions] as a picture. Only where has_pictures(); the default scales symbols to 0 .. 255.
  virtual io::Image render(std::span<const int32_t> symbols) const;
  virtual DataNames names() const { return {}; }  // of classes and positions, where they have any
  // What symbols stand for where the data are a text; else null. It goes into checkpoints.
  virtual const Vocabulary* vocabulary() const { return nullptr; }
  // Where a row is a caption and a picture in one stream: what its symbols are. It goes into checkpoints. Else null.
  virtual const CaptionStream* caption_stream() const { return nullptr; }
  // Captions that such streams may have, each once; empty where rows are no such streams.
  virtual std::vector<std::string> captions() const { return {}; }
  // What the data themselves say of their pictures; nullopt: nothing.
  virtual std::optional<PictureCaptions> own_captions() const { return std::nullopt; }
  // For a message to whoever needs labels: why spec().classes is 0, and what would help. Empty where there are labels.
  virtual std::string why_no_labels() const;
};

using DatasetRegistry = config::Registry<Dataset, const DataSources&>;
DatasetRegistry& dataset_kinds();
template <class T>
bool register_dataset(const std::string& name, const std::string& summary) {
  return dataset_kinds().add<T>(name, summary);
}

DataSources data_sources_from_environment(uint64_t seed);

}  // namespace mlrun
