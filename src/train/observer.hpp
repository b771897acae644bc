// What a training run tells whoever watches: the terminal, a test, nobody.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/image.hpp"
#include "runs/metrics.hpp"
#include "runs/run_status.hpp"
#include "tensor/tensor.hpp"

namespace mlrun {

struct RunHeader {
  std::string spec;         // "configs/made.yaml + 2 overrides (optim.lr, seed)"
  std::string fingerprint;  // hex
  std::string data;         // one line of the dataset
  std::string data_hash;
  std::string model;       // "made"
  std::string model_text;  // kind and its options in short: "hidden [500]"
  int64_t parameters = 0, active_parameters = 0;
  int64_t lanes = 1, threads = 1, ranks = 1;  // threads of the first rank
  std::string directory;
  std::string origin;             // where the initial weights come from, in words; "" for fresh ones
  int64_t total_steps = 0;        // 0: not known
  int64_t first_step = 0;         // where a resumed run goes on
  double total_minutes = 0;       // when train.for is a time
  std::string item = "item";      // what rates count: "img" for images
  std::string dimension = "dim";  // what bits are counted by: "char" of a text
  bool accuracy = false;          // evaluations have one
  bool loss_is_nll = true;        // StepReport::loss is the NLL and nothing else
};

struct StepReport {
  int64_t step = 0;  // steps done
  double loss = 0;   // nats per example of this step's batch
  double lr = 0;
  double gradient_norm = 0;
  double items_per_s = 0;  // examples over the time of steps, of the last half second or so; 0: not known yet
  double elapsed = 0;      // seconds of training in all
};

struct EvaluationReport {
  double epoch = 0;
  int64_t step = 0;
  double train_nll = 0;  // of the steps since the last evaluation, in the mean, nats: each with the weights it had
  Evaluation valid;
  std::optional<Evaluation> train;  // of a sample of the training split, by the law of `valid`
  double items_per_s = 0;           // of training since the last evaluation
  double elapsed = 0;
  bool best = false;   // the best so far by eval.best
  bool saved = false;  // a checkpoint was written
};

class TrainObserver {
 public:
  virtual ~TrainObserver() = default;
  virtual void opened() {}  // the run's directory is there and locked: from now on there is something to save
  virtual void started(const RunHeader&) {}
  virtual void stepped(const StepReport&) {}  // after every step: must be cheap
  virtual void evaluated(const EvaluationReport&) {}
  // Samples drawn at an evaluation (image data only), eval.samples of them.
  virtual void sampled(const std::vector<io::Image>&) {}
  virtual void finished(RunStatus) {}  // or stopped, diverged ...
};

}  // namespace mlrun
