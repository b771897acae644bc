#include "symbols/nll_subject.hpp"

#include <array>

namespace mlrun {
namespace {

struct SubjectWords {
  NllSubject subject;
  const char* words;
};
constexpr std::array<SubjectWords, 8> kSubjects = {{{NllSubject::kX, "x"},
                                                    {NllSubject::kXAndY, "x, y"},
                                                    {NllSubject::kXGivenY, "x given y"},
                                                    {NllSubject::kYGivenX, "y given x"},
                                                    {NllSubject::kAnswer, "answer given question"},
                                                    {NllSubject::kXGivenCodes, "x given its codes"},
                                                    {NllSubject::kXAtMost, "x at most"},
                                                    {NllSubject::kUnknown, "unknown"}}};

}  // namespace

const char* words_of(NllSubject subject) {
  for (const SubjectWords& known : kSubjects) {
    if (known.subject == subject) return known.words;
  }
  return "unknown";
}

NllSubject subject_of_words(const std::string& words) {
  for (const SubjectWords& known : kSubjects) {
    if (words == known.words) return known.subject;
  }
  return NllSubject::kUnknown;
}

bool is_of_stage_one(NllSubject subject) {
  return subject == NllSubject::kXGivenCodes || subject == NllSubject::kXAtMost;
}

}  // namespace mlrun
