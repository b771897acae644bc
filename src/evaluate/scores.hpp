// What is found of single examples in one pass: their negative log-likelihood, and how far the likeliest answer is the
// right one.
#pragma once

#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "models/model.hpp"

namespace mlrun {

// Whether there is something to be right about: the label (classifiers), or the symbols of an answer (DataSpec::given).
bool has_accuracy(const Model& model, const DataSpec& data);

struct Scores {
  std::vector<double> nll;      // Model::nll
  std::vector<double> correct;  // where has_accuracy, else empty: of a classifier 1 or 0; of an answer the share of its
                                // symbols that are the likeliest, given the right ones before them. Of equally likely
                                // ones the first; of a mixture, by its first component.
};
Scores scores_of(const Model& model, const ParameterArena& parameters, const Batch& batch);

// How many predictions the NLL of an example is the sum of: modelled positions, or the one label.
int64_t predictions_of(const Model& model, const DataSpec& data);
// What the NLL is of: "x", "y given x" (classifiers), "answer given question", "x given its codes", "x at
// most" (a VQ-VAE, without and with a prior of its own); of a conditional
// model "x, y" or "x given y" unless its labels are summed out.
std::string nll_subject(const Model& model, bool labels_summed_out);
// What one of predictions_of is, and bits are counted by: "label", "char" of a text, else "dim".
const char* dimension_of(const Model& model, const Dataset& data);
// "accuracy" in words, for people: "argmax of p(y|x)".
const char* accuracy_words(const Model& model);

}  // namespace mlrun
