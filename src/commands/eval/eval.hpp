// `mlrun eval`: a checkpoint against a split of its data.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evaluate/captions.hpp"
#include "evaluate/evaluate.hpp"
#include "experiment/trained_model.hpp"
#include "symbols/nll_subject.hpp"

namespace mlrun {

struct EvalRequest {
  std::string selector, which = "best";
  Split split = Split::kTest;
  std::vector<std::string> overrides, places;  // of data.* and eval.*
  std::string per_example;                     // "" or an HDF5 file to write
  std::optional<int64_t> orders = {};          // of a model that knows every order: how many its mixture has
  int64_t draws = 1;                           // of a random binarization of the split
  int64_t codes = 1;                           // of a prior over codes: how many code maps are summed for each image
  std::optional<int64_t> named = {};           // of captions and pictures: caption_likelihoods
  int threads = 0;
  Ranks& ranks = one_rank();  // that share the batches
  bool mixed_cpus = false;    // ranks may run on different kinds of CPU
};

// The trained model, the spec and the data that a request names, loaded and checked against each other.
struct EvalSubject {
  std::string run;  // "" where the checkpoint is in none
  TrainedModel trained;
  Experiment experiment;
  std::unique_ptr<Dataset> data;
  bool other_data = false;  // than at training, by an override of data.*
};
// Of several ranks, all have the same program, checkpoint and data, and something to do each: else Error, by all of them.
EvalSubject subject_of(const EvalRequest& request);

// What a model was evaluated on.
struct EvaluatedData {
  std::string description;
  bool other = false;      // than it was trained on, by an override of data.*; then nothing is left in the run
  std::string trained_on;  // its description; "" where the checkpoint does not say
};
EvaluatedData data_of(const EvalSubject& subject);

// Of a conditional model, where the data has labels.
struct LabelledEvaluation {
  Evaluation xy, x_given_y;  // -log p(x, y) and -log p(x|y), y the label
};

// Of a prior over codes: the two parts of the bound by the encoder's codes alone.
struct BoundParts {
  Evaluation reconstruction, prior;     // -log p(x|z) and -log p(z), z = encode(x)
  std::optional<Evaluation> posterior;  // log q(z|x), of an encoder that draws
  std::optional<Evaluation> carried;    // of a decoder that sees pixels: nats that the codes carry (Bounds::carried)
  int64_t maps = 1;                     // of codes that `result` sums over, or draws of q(z|x)
};

// Of captions and pictures in one stream: CaptionLikelihoods of the split.
struct CaptionEvaluation {
  Evaluation pair;  // -log p(words, picture)
  struct Order {
    Evaluation first, second;  // -log p of the part that comes first, and of the other one given it
    Evaluation right;          // a share, of `named` examples
  };
  std::optional<Order> words_first, picture_first;  // those that the model knows
  int64_t captions = 0, named = 0;                  // captions there are; examples that were named among them
};

struct EvalOutcome {
  std::string run, checkpoint, protocol;
  EvaluatedData data;
  int64_t step = 0;
  int64_t components = 1;  // of the mixture that the model is
  int64_t classes = 0;     // that were summed over; 0: the model is not conditional
  Evaluation result;       // of -log p(x), whatever the model; over draws, of each example's mean
  std::optional<LabelledEvaluation> labelled;
  std::optional<Evaluation> accuracy;  // `nll` and `nll_se` are shares; `accuracy_of` says of what
  std::string accuracy_of;
  NllSubject nll_of = NllSubject::kX;  // what `result` is of
  bool of_images = true;               // else of sequences
  std::string dimension;               // what bits are counted by: "dim" or "char"
  double nats_per_dimension = 0;
  std::optional<BoundParts> bound;  // then `result` is an upper bound on -log p(x) of the images, not exact
  // `result` is an upper bound on -log p(x).
  bool is_bound() const { return bound || (code_use && !code_use->rates.empty()); }
  std::optional<CaptionEvaluation> captions;  // of the first draw
  std::optional<CodeUse> code_use;   // of a VQ-VAE; then `result` is its reconstruction, without what the codes cost
  std::optional<ExpertUse> experts;  // of a mixture of experts, of the first draw
  std::vector<double> draws;         // the split's NLL at every draw
  double draws_se = 0;               // standard error of their mean over draws
};

int threads_of(const EvalRequest& request);  // that batches run on, on this rank

// The data must be the data the model was trained on (by hash), unless an override changes data.*. A checkpoint in a
// run also leaves evals/step-N-SPLIT.h5 in it (a run that cannot be written is evaluated all the same). Of several ranks
// the first writes.
EvalOutcome evaluate_checkpoint(const EvalRequest& request);

}  // namespace mlrun
