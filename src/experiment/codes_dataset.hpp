// The codes that a trained VQ-VAE gives to the images of its data, as a data set for a prior (stage two).
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "data/symbol_table.hpp"
#include "experiment/trained_model.hpp"
#include "ranks/ranks.hpp"

namespace mlrun {

struct CodesOptions {
  explicit CodesOptions(config::Reader& reader);
  std::string from;
};

// Images are encoded a block at a time, when one of them is first asked for, by whichever lane asks: nothing of the
// data is needed to know the spec, the hash (of the model's weights and its data) and what codes look like. Training
// images that are drawn anew for each epoch, and codes that the encoder draws, are encoded anew.
class CodesDataset : public Dataset {
 public:
  using Options = CodesOptions;

  // Finds the run. Error(kUsage) if there is none, or it is of another kind of model; Error(kData) if its data are not
  // what they were.
  CodesDataset(const Options& options, const DataSources& sources);
  CodesDataset(std::shared_ptr<const TrainedModel> stage_one, const DataSources& sources);

  const std::shared_ptr<const TrainedModel>& stage_one() const { return stage_one_; }
  const Autoencoder& autoencoder() const { return autoencoder_; }  // stage one's
  const Dataset& images() const { return *images_; }

  const DataSpec& spec() const override { return spec_; }
  int64_t count(Split split) const override { return images_->count(split); }
  Batch batch(Split split, std::span<const int64_t> rows, int64_t epoch) const override;
  std::string protocol() const override;
  std::string hash() const override { return hash_; }
  std::string description() const override;
  io::Image render(std::span<const int32_t> symbols) const override;  // what the codes decode to
  DataNames names() const override { return {images_->names().classes, {}}; }
  std::string why_no_labels() const override { return images_->why_no_labels(); }

  // Encodes the images of a split, of which each rank takes a share, and gives the codes of all images to all ranks: the
  // same codes as without. Does nothing where they are encoded anew in every epoch. Where `interrupted` says so on some
  // rank, all leave the rest to when it is asked for. How many images this rank encoded.
  int64_t encode_together(Split split, Ranks& ranks, LanePool& pool,
                          const std::function<bool()>& interrupted = nullptr) const;

 private:
  const SymbolTable& block(Split split, int64_t index) const;
  SymbolTable table_of(std::span<const int32_t> codes) const;

  std::shared_ptr<const TrainedModel> stage_one_;
  Autoencoder autoencoder_;
  std::unique_ptr<Dataset> images_;
  DataSpec spec_;
  std::string hash_;
  bool redrawn_ = false;  // the training images, or their codes, depend on the epoch
  struct Block {
    std::once_flag encoded;
    SymbolTable codes;
  };
  mutable std::array<std::vector<Block>, 3> blocks_;  // by split; their number never changes
};

// The data as codes, or null where they are something else: the one place that asks.
const CodesDataset* as_codes(const Dataset& data);

// The checkpoint that `from` selects, as an absolute path ("@last": of the latest run of a VQ-VAE); `from` itself when
// nothing fits it, or it is such a path already. So a resolved spec keeps meaning what it meant when it was resolved.
std::string pinned_checkpoint(const std::string& from);

// The command that trains a prior over the codes of this run or checkpoint, for messages.
std::string training_a_prior(const std::string& stage_one);

}  // namespace mlrun
