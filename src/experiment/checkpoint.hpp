// A checkpoint: weights, optimizer, counters, spec, and what is needed of the data, in one file that is sufficient for
// eval, sample and resume. Equal runs write equal bytes.
//
//   /model/PATH (f32, attribute axes)   /buffers/PATH   /optimizer/SLOT/PATH   /rng   /data   /trainer
//   /state/PATH (f32: what is learned otherwise than by gradients)   /config/resolved_yaml
//   /average/PATH   /average_state/PATH   (moving averages of /model and of the part of /state that evaluation reads)
//   /data/vocabulary (of a text: codes of bytes or characters)
//   /data/class_names, /data/column_names (lists in JSON; only where there are such names)
//   /data/captions (of captions and pictures in one stream: codes of the characters; attributes longest, levels), beside
//   /data/picture (rows, columns)
//   /history/0, 1 ... (runs/history.hpp; only where steps were trained under another spec than resolved_yaml)
//   /stage_one/... of a prior over codes: the frozen model of the codes, by the same names
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiment/autoencoder.hpp"
#include "experiment/experiment.hpp"
#include "io/bytes.hpp"
#include "io/hdf5/reader.hpp"
#include "optim/updater.hpp"
#include "runs/history.hpp"
#include "runs/train_state.hpp"

namespace mlrun {

struct TrainedModel;

struct CheckpointIdentity {
  std::string resolved_yaml, fingerprint, lineage;
  DataSpec data;
  std::string data_hash, protocol, data_description;
  DataNames names;                              // of classes and columns, where the data give them names
  std::optional<Vocabulary> vocabulary;         // of a text: what its symbols stand for
  std::optional<CaptionStream> caption_stream;  // of captions and pictures in one stream: likewise
  uint64_t seed = 0;
  History history;                                // of the steps so far
  std::shared_ptr<const TrainedModel> stage_one;  // of a prior over codes: the model of the codes; else null
};

// The HDF5 image; to be written by io::write_checkpoint.
io::Bytes checkpoint_image(const CheckpointIdentity& identity, const TrainState& state,
                           const ParameterArena& parameters, Updater& updater);

// An opened and verified checkpoint. Every failure is Error(kCheckpoint) naming the file.
class Checkpoint {
 public:
  explicit Checkpoint(const std::string& path);

  const std::string& path() const { return path_; }
  const CheckpointIdentity& identity() const { return identity_; }
  const TrainState& state() const { return state_; }
  // Of its resolved spec; with overrides that a command asks for.
  Experiment experiment(const std::vector<std::string>& overrides = {}) const;
  bool has_average() const { return file_.has("average"); }

  // Weights into an arena of the same model; `average` takes the moving average instead, where there is one.
  void read_parameters(ParameterArena& parameters, bool average) const;
  // Weights for a training to begin with, of which the average, where there is one; what the arena has more than they
  // (ParameterInfo::added) stays as it is.
  void read_beginning(ParameterArena& parameters) const;
  void read_updater(const ParameterArena& parameters, Updater& updater) const;
  const io::Hdf5Reader& file() const { return file_; }

 private:
  std::shared_ptr<const TrainedModel> read_stage_one() const;
  std::string path_;
  io::Hdf5Reader file_;
  CheckpointIdentity identity_;
  TrainState state_;
};

// A model ready for use: what eval, sample and all later commands start from. With `identity.stage_one` it is a prior
// over the codes of that one.
struct TrainedModel {
  Experiment experiment;
  CheckpointIdentity identity;
  TrainState state;
  std::string path;
  BuiltModel built;
  const AutoregressiveModel& autoregressive() const;  // or Error(kUsage): this kind has no exact likelihood of x
  Autoencoder autoencoder() const;                    // or Error(kUsage): it has no codes
  // What turns the symbols of a prior over codes into images; nullopt: they are the data itself.
  std::optional<Autoencoder> decoder() const;
  // Of what is drawn from it in the end: its data, or the images that its codes decode to, or that stand in its streams.
  const DataSpec& drawn_data() const;
};
// Overrides may change what does not touch the weights, such as model.orders.
TrainedModel load_trained_model(const std::string& checkpoint_path, const std::vector<std::string>& overrides = {});

}  // namespace mlrun
