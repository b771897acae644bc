// What the rest of mlrun knows of a model: a training loss, and for likelihood models two views that must agree.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/registry.hpp"
#include "models/condition.hpp"
#include "models/scores.hpp"
#include "nn/layout.hpp"
#include "nn/pass.hpp"
#include "symbols/data_spec.hpp"
#include "symbols/nll_subject.hpp"

namespace mlrun {

class AutoregressiveModel;
class Classifier;
class CodeModel;

// A batch whose symbols are in the visiting order of a component: symbols[i, t] is what step t is about.
struct OrderedBatch : Batch {};

// The weights of a part of a model that come from a trained run, and are not trained further.
struct TrainedPart {
  std::string scope = {};       // "of/0": its parameters are below that
  std::string checkpoint = {};  // the file
  std::string run = {};         // its run; "" of a file that is in none
  int64_t step = 0;             // of its training
  std::string sha256 = {};      // of its weights; "" while the run was not found
};

struct TrainingLoss {
  Variable loss;   // Model::loss
  double nll = 0;  // of the same examples, nats, summed
};

// A kind of model says what it can do, and what its figures are of; nobody has to ask which kind it is.
class Model {
 public:
  // Known before the model is built. `compute.lanes: auto` cuts a batch into lanes of about `examples_per_lane`
  // (lanes_for in experiment/lane_count.hpp): the fewest with which a lane more costs nothing. Each lane reads all
  // weights and fills an arena of gradients of its own, which is then folded. That is dear where an example uses each
  // weight once (dense models want 50), and next to nothing where it uses them at hundreds of pixels or positions
  // (convolutions want 4 to 16, sequences what their mixer says). Part of the numerics.
  struct Facts {
    int64_t examples_per_lane = 1;
    // Whether it has blocks that a step may forget and compute again (Pass::block, compute.recompute).
    bool blocks = false;
    // Whose weights are parts of this model, and stay as they are.
    std::vector<TrainedPart> parts = {};
    // What is not trained comes from a run, and a training begins with its weights (train --from).
    bool begins_from_run = false;
    // The other weights are fitted at once, in a single step that looks at the whole valid split
    // (AutoregressiveModel::fit).
    bool fitted_at_once = false;
  };
  virtual ~Model() = default;
  // Training loss in nats, summed over the batch: one number.
  virtual Variable loss(Pass& pass, const Batch& batch) const = 0;
  // Whether the loss is the NLL (or, of an ensemble of orders or masks, an estimate of it whose mean over steps is the
  // mean of theirs), and nothing else is in it.
  virtual bool loss_is_nll() const { return true; }
  // The loss, and beside it the NLL of the same pass, which is of what `nll` is of.
  virtual TrainingLoss loss_and_nll(Pass& pass, const Batch& batch) const {
    const Variable all = loss(pass, batch);
    return {all, static_cast<double>(all.value().data<float>()[0])};
  }
  // -log p(x) in nats of every example of the batch. Of a conditional model: -log p(x|y) with `class`, -log p(x, y)
  // with `joint`, where y is the batch's label; of a classifier -log p(y|x). Where a sequence begins with a question
  // (DataSpec::given), this is the NLL of the answer, and the question is conditioned on as well.
  virtual std::vector<double> nll(const ParameterArena& parameters, const Batch& batch) const = 0;
  // What `nll` is of. `labels_summed_out`: of a conditional model, when Bayes' rule has summed over its classes.
  virtual NllSubject nll_subject(bool labels_summed_out) const = 0;
  // How many predictions the NLL of an example is the sum of, and what is predicted: symbols, or labels.
  virtual int64_t predictions() const = 0;
  virtual bool predicts_labels() const { return false; }
  virtual bool uses_labels() const { return predicts_labels(); }  // a batch without them is an error
  // Whether there is something to be right about, and what that is, in words for people.
  virtual bool has_accuracy() const { return false; }
  virtual const char* accuracy_words() const { return "Bayes' rule over the classes"; }
  virtual Scores scores(const ParameterArena& parameters, const Batch& batch) const {
    return {nll(parameters, batch), {}};
  }
  // The likelihoods by which a model is judged, the label summed out where it is given one: then as many passes as there
  // are classes().
  virtual Likelihoods likelihoods(const ParameterArena& parameters, const Batch& batch) const;
  // How many classes a conditional model knows of; 0: it is given no label.
  virtual int64_t classes() const { return 0; }
  // How many models of the same data it is a mixture of.
  virtual int64_t components() const { return 1; }
  // Whether it knows p of any position given any others, and so steps in every order.
  virtual bool any_order() const { return false; }
  // Error(kUsage) where the data gives a question (DataSpec::given) that the model does not read before it answers.
  virtual void require_question_first() const {}
  virtual const AutoregressiveModel* autoregressive() const { return nullptr; }
  virtual const CodeModel* code_model() const { return nullptr; }  // models/codes/code_model.hpp
  virtual const Classifier* classifier() const { return nullptr; }
  // Whether it is told how each training image was changed (Batch::augmentation), and so is a model of plain images.
  virtual bool told_of_augmentation() const { return false; }
  // Initial values that depend on data, when a training begins with fresh weights: `first` is its first batch.
  virtual void initialise_from(const ParameterArena&, const Batch& first, const RandomStream&) {
    static_cast<void>(first);
  }
  // After a training step, when the weights are updated: what is learned otherwise than by gradients (StateInfo).
  // `lanes`: the statistics that the passes of this step gathered; sums are folded by sum_over_lanes.
  virtual void after_step(const std::vector<Statistics>& lanes) { static_cast<void>(lanes); }
  // Weights that a position does not use, of experts to which it is not sent.
  virtual int64_t inactive_parameters() const { return 0; }
  // How often each expert is chosen for the positions of these examples, [blocks with experts][experts]; empty where there
  // are none.
  virtual std::vector<std::vector<int64_t>> expert_counts(const ParameterArena&, const Batch& batch) const {
    static_cast<void>(batch);
    return {};
  }
  // How many examples one pass should hold, so that what it keeps stays in the caches; 0: all. Part of the numerics:
  // gradients are added up in this grouping.
  virtual int64_t examples_at_once() const { return 0; }
  // work(begin, end) over examples 0 .. count - 1, so many at a time.
  void in_pieces(int64_t count, const std::function<void(int64_t begin, int64_t end)>& work) const;
  // Figures of its own that stand beside the NLL of an evaluation, by the name of their column.
  virtual std::vector<std::pair<std::string, double>> figures(const ParameterArena&) const { return {}; }
  // How a reader elsewhere computes with the model's tensors (nn/layout.hpp); each of them is explained.
  virtual Layout layout() const { return {}; }
};

// The step view: a small state machine that visits one position after the other, for `count` images at once.
//   stepper = view->begin(count);  for t in positions: stepper->logits(out); draw symbols; stepper->observe(symbols)
class Stepper {
 public:
  virtual ~Stepper() = default;
  // Of the next position, into [count] log-odds of symbol 1 for an alphabet of 2, else [count, alphabet].
  virtual void logits(float* out) = 0;
  virtual void observe(const int32_t* symbols) = 0;  // [count]

  // Of models that have a form from a state over a stretch at once (generate/cursor.hpp goes step by step with others):
  // observes symbols [length, count], and where `out` is not null it takes the logits after each of them, [length,
  // count] or [length, count, alphabet]; then a position must follow the last. To the bit what one step after the other
  // gives, however the symbols are cut into stretches; observing needs no logits() before it.
  virtual bool can_extend() const { return false; }
  virtual void extend(const int32_t* symbols, int64_t length, float* out);

  // Of models that can go back: mark() remembers where it is, rewind() comes back to `kept` symbols behind the last place
  // remembered, as often as wanted, and goes over none of them again; there are 256 at most of them.
  virtual bool can_rewind() const { return false; }
  virtual void mark();
  virtual void rewind(int64_t kept = 0);

  // Of models whose heads predict further on than the next symbol (AutoregressiveModel::heads): head k says what the symbol k
  // places behind the next one may be, [1] or [alphabet] as logits(), given `symbol`, the one in front of that. Of one
  // sequence; for k = 1, 2, .. in turn, from the same place.
  virtual void head_logits(int64_t k, int32_t symbol, float* out);
};

// Weights arranged for stepping, made once and shared by any number of steppers in any lane. Valid while the model and
// its parameters are, and are not changed.
class StepView {
 public:
  virtual ~StepView() = default;
  // labels [count]: needed if the model is conditional, and only then looked at.
  virtual std::unique_ptr<Stepper> begin(int64_t count, const int32_t* labels = nullptr) const = 0;
  // Each step is a whole run of the parallel view: the default, which has no caches.
  virtual bool runs_parallel_view() const { return false; }
  // How many sequences one stepper should carry so that what it keeps of them stays in the caches; 0: as many as there
  // are.
  virtual int64_t sequences_at_once() const { return 0; }
  // Products of a step of one sequence, roughly: what a draft costs beside its model is counted by them. 0: as many as
  // there are parameters, for each position that a step goes over.
  virtual double products_per_step() const { return 0; }
  virtual double products_per_head() const { return 0; }  // of what a head says (AutoregressiveModel::heads)
};

// p(x) = prod_t p(x_order(t) | x_order(0) ... x_order(t-1)). A model may be a mixture of `components` such
// factorisations (orders or masks of an ensemble, models of several runs): then p(x) = sum_c w_c p_c(x) (logsumexp of
// log-likelihoods), with equal weights w_c where the model says nothing else, and a sample comes from one of them. A
// conditional model is all of that for every label: logits and steps are of p(x|y).
class AutoregressiveModel : public Model {
 public:
  explicit AutoregressiveModel(const DataSpec& data) : data_(data) {}
  // Declares `class_prior` [classes] in the scope for `joint`. Error(kUsage) where the data has no labels.
  AutoregressiveModel(const DataSpec& data, Condition condition, const Scope& scope);
  const AutoregressiveModel* autoregressive() const final { return this; }
  const DataSpec& data() const { return data_; }
  bool conditional() const { return condition_ != Condition::kNone; }
  Condition condition() const { return condition_; }
  int64_t classes() const final { return conditional() ? data_.classes : 0; }
  // log p(y) in nats of every class of a conditional model: uniform with `class`, learned with `joint`.
  std::vector<double> log_class_prior(const ParameterArena& parameters) const;

  // log w_c of every component, nats; exp of them sums to 1.
  virtual std::vector<double> log_weights(const ParameterArena& parameters) const;
  // The position that step t visits.
  virtual const std::vector<int64_t>& order(int64_t component = 0) const = 0;
  // Parallel view: of each step the logits of its symbol, from the symbols of the steps before it. [n, positions]
  // log-odds of symbol 1 for an alphabet of 2, else [n, positions, alphabet].
  virtual Variable logits(Pass& pass, const OrderedBatch& batch, int64_t component = 0) const = 0;
  // Step view; the default runs the parallel view once per position: right from the first day, and slow. A model that
  // has its own overrides this, and the battery of tests/models holds it against the default.
  virtual std::unique_ptr<StepView> step_view(const ParameterArena& parameters, int64_t component = 0) const;
  std::unique_ptr<StepView> default_step_view(const ParameterArena& parameters, int64_t component = 0) const;

  // Whether a logit has the same bits in both views, whatever goes with it: other images of the batch, later symbols.
  // Predictive sampling needs it; the battery of tests/models holds to it every model that says so.
  virtual bool views_share_bits() const { return false; }

  // The step view in any order, a permutation of the positions. Error(kInternal) unless any_order().
  virtual std::unique_ptr<StepView> step_view_in(const ParameterArena& parameters,
                                                 const std::vector<int64_t>& order) const;

  // How many symbols further on than the next one have heads of their own, by which it drafts for itself
  // (Stepper::head_logits).
  virtual int64_t heads() const { return 0; }

  // How many times the network sees an example in the parallel view: 1, or where the view is a pass for each step, their
  // number. Such views are dear, and whoever only samples what holds everywhere looks at less of them.
  virtual int64_t looks_of_parallel_view() const { return 1; }

  // Whether its steppers go on beyond data().positions().
  virtual bool any_length() const { return false; }

  // Which component a training step uses; the mean over steps of its NLL is the loss.
  virtual int64_t training_component(int64_t step) const { return step % components(); }
  Variable loss(Pass& pass, const Batch& batch) const override;
  std::vector<double> nll(const ParameterArena& parameters, const Batch& batch) const override;
  // -log p_c(x), or -log p_c(x|y), in nats: [components][n].
  std::vector<std::vector<double>> nll_by_component(const ParameterArena& parameters, const Batch& batch) const;
  // Where Facts::fitted_at_once: gives what is to be fitted the values that make the examples likeliest, of which
  // `nll_by_component` is what the function of that name says. Returns their mean -log p(x) with these, nats.
  virtual double fit(const ParameterArena& parameters, const std::vector<std::vector<double>>& nll_by_component) const;

  // The NLL of all, or of an answer given its question. Right about an answer: the share of its symbols that are the
  // likeliest, given the right ones before them; of equally likely ones the first; of a mixture, by its first
  // component.
  NllSubject nll_subject(bool labels_summed_out) const override;
  int64_t predictions() const override { return data_.modelled_positions(); }
  bool uses_labels() const override { return conditional(); }
  bool has_accuracy() const override { return data_.given > 0; }
  const char* accuracy_words() const override;
  Scores scores(const ParameterArena& parameters, const Batch& batch) const override;
  Likelihoods likelihoods(const ParameterArena& parameters, const Batch& batch) const override;
  void require_question_first() const override;

  Layout layout() const final;  // what any such model means by its logits, then network_layout()

  // The batch for `logits`. Shares storage when the order is the identity.
  OrderedBatch ordered(const Batch& batch, int64_t component = 0) const;

 protected:
  // How x, the symbols of one example, become logits `l` of each step.
  virtual Layout network_layout() const { return {}; }
  // How p(x) follows from what the components say, in a line.
  virtual std::string mixture_formula() const;
  // The labels of a batch for a conditional model: s32 [n]. Error(kInternal) where the batch has none.
  const Tensor& labels_of(const Batch& batch) const;
  // -log p(y) of all labels together, nats: what `joint` adds to a training loss.
  Variable class_prior_loss(Pass& pass, const Batch& batch) const;

 private:
  void score_answers(const ParameterArena& parameters, const Batch& batch, Scores& scores) const;

  DataSpec data_;
  Condition condition_ = Condition::kNone;
  Parameter class_prior_;  // joint: log-odds of the classes, up to a constant
};

// p(y|x): what is known of the label of a sequence.
class Classifier : public Model {
 public:
  const Classifier* classifier() const final { return this; }
  // [n, classes], up to a constant for each example.
  virtual Variable class_logits(Pass& pass, const Batch& batch) const = 0;
  Variable loss(Pass& pass, const Batch& batch) const override;
  std::vector<double> nll(const ParameterArena& parameters, const Batch& batch) const override;
  NllSubject nll_subject(bool) const override { return NllSubject::kYGivenX; }
  int64_t predictions() const override { return 1; }
  bool predicts_labels() const override { return true; }
  bool has_accuracy() const override { return true; }
  const char* accuracy_words() const override { return "argmax of p(y|x)"; }
  Scores scores(const ParameterArena& parameters, const Batch& batch) const override;  // right or wrong: 1 or 0
};

// -log p(label) of each example, nats: logits [n, classes], labels s32 [n] -> [n].
Variable label_nll(const Variable& logits, const Tensor& labels);

// Per-example -log p from logits and symbols in the same order: [n] nats.
Variable negative_log_likelihood(const Variable& logits, const Tensor& symbols);

// [n, positions * width] as logits: [n, positions] for an alphabet of 2, else [n, positions, alphabet].
Variable shape_as_logits(const Variable& flat, const DataSpec& data);

using ModelRegistry = config::Registry<Model, const DataSpec&, const Scope&>;
ModelRegistry& model_kinds();
template <class T>
bool register_model(const std::string& name, const std::string& summary) {
  return model_kinds().add<T>(name, summary);
}

}  // namespace mlrun
