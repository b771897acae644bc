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
#include <string>
#include <vector>

#include "experiment/checkpoint_identity.hpp"
#include "experiment/experiment.hpp"
#include "io/bytes.hpp"
#include "io/hdf5/reader.hpp"
#include "optim/updater.hpp"
#include "runs/train_state.hpp"

namespace mlrun {

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

}  // namespace mlrun
