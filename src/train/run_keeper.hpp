// What a training leaves on the disk: rows of metrics, checkpoints, pictures. Of several ranks only the first leaves
// anything: the others have a keeper that keeps nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "experiment/checkpoint_writer.hpp"
#include "io/image.hpp"
#include "runs/recorder.hpp"
#include "runs/run_directory.hpp"

namespace mlrun {

class RunKeeper {
 public:
  virtual ~RunKeeper() = default;
  virtual bool keeps() const { return false; }
  // As Recorder says.
  virtual void row(const std::string& /*table*/, const std::map<std::string, double>& /*values*/) {}
  virtual void note(const std::string& /*kind*/, const io::Record& /*facts*/) {}
  virtual void write_run_file(RunStatus) {}
  // A checkpoint of `step`, and `then` when it is on the disk (CheckpointWriter). The image is only made to be kept.
  virtual void save(int64_t /*step*/, const std::function<io::Bytes()>& /*image*/,
                    const std::function<void()>& /*then*/) {}
  virtual void wait_for_saves() {}
  // As RunDirectory says.
  virtual void prune_checkpoints(const RunDirectory::Kept&, const std::function<bool(int64_t step)>& /*is_lasting*/) {}
  // A sheet of pictures drawn at `step`, so many across. One that cannot be written costs a warning.
  virtual void pictures(int64_t /*step*/, const std::vector<io::Image>&, int /*columns*/) {}
};

class DiskKeeper : public RunKeeper {
 public:
  DiskKeeper(RunDirectory& directory, Recorder& recorder) : directory_(directory), recorder_(recorder) {}
  bool keeps() const override { return true; }
  void row(const std::string& table, const std::map<std::string, double>& values) override;
  void note(const std::string& kind, const io::Record& facts) override;
  void write_run_file(RunStatus status) override;
  void save(int64_t step, const std::function<io::Bytes()>& image, const std::function<void()>& then) override;
  void wait_for_saves() override;
  void prune_checkpoints(const RunDirectory::Kept& kept, const std::function<bool(int64_t step)>& is_lasting) override;
  void pictures(int64_t step, const std::vector<io::Image>& images, int columns) override;

 private:
  RunDirectory& directory_;
  Recorder& recorder_;
  CheckpointWriter writer_;  // last: it waits for its write before the rest goes
};

}  // namespace mlrun
