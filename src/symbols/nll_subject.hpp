// What a negative log-likelihood is of. Figures of different subjects are never compared.
#pragma once

#include <cstdint>
#include <string>

namespace mlrun {

enum class NllSubject : uint8_t {
  kX,            // -log p(x)
  kXAndY,        // -log p(x, y), y the label
  kXGivenY,      // -log p(x | y)
  kYGivenX,      // -log p(y | x): a classifier
  kAnswer,       // -log p(answer | question): DataSpec::given
  kXGivenCodes,  // -log p(x | its codes): a VQ-VAE without what the codes cost, no bound on -log p(x)
  kXAtMost,      // an upper bound on -log p(x): a VQ-VAE with a prior of its own
  kUnknown,      // a journal says something else
};

// As journal and JSON say it, and people read it: "x given y".
const char* words_of(NllSubject subject);
NllSubject subject_of_words(const std::string& words);  // kUnknown for others
bool is_of_stage_one(NllSubject subject);               // of a VQ-VAE

}  // namespace mlrun
