// What the published data files must be, and facts about their content by which anybody can check a reader.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/symbol_table.hpp"

namespace mlrun {

struct KnownFile {
  const char* path;  // under the data root, as find_data_file takes it: plain, without .gz
  const char* what;
  uint64_t bytes;      // of the unpacked content,
  const char* sha256;  // as is this: copies of one file are compressed in many ways
};
std::span<const KnownFile> known_files();

struct FileStatus {
  enum class State { kGood, kMissing, kWrong, kUnknown };  // wrong: other content; unknown: not one of known_files()
  std::string path, what;                                  // path relative to the root, as it was found
  uint64_t bytes = 0;                                      // on disk
  State state = State::kMissing;
  std::string found;  // SHA-256 of the unpacked content; where it cannot be unpacked, why; "" for missing and unknown
};
// The known files, then whatever else lies in the root and its folders, sorted by name. Unpacks every known file and
// compares its content: the published ones together take about a second.
std::vector<FileStatus> data_files(const std::string& root, std::span<const KnownFile> known = known_files());

struct DataFact {
  enum class State { kHolds, kFails, kMissing };  // missing: the files are not there
  std::string subject, fact, expected, found;
  State state = State::kMissing;
};
inline constexpr const char* kContentSum = "SHA-256";  // the fact about a file, which is then the subject
// Reads every known file again, cache aside: sums, shapes, statistics; and draws the digits. About two seconds.
std::vector<DataFact> check_data(const std::string& root);

// Mean negative log-likelihood (nats a row) of `rows` when every position is independent with the frequency of `train`
// (one imagined row of each kind added): the floor that any model has to beat. Both binary.
double independent_nll(const SymbolTable& train, const SymbolTable& rows);
double mean_ones(const SymbolTable& rows);  // binary
// Mean over rows of the entropy (nats) of Bernoulli(grey / 255) per pixel: no model of a dynamically binarized set is
// below this on average.
double binarization_noise(const SymbolTable& grey);

inline constexpr double kIndependentNll = 205.79;  // nats, static MNIST, test; this and the next also in the literature
inline constexpr double kBinarizationNoise = 45.53;  // nats, MNIST, test
extern const char* const kDigitsHash;                // SHA-256 of the digits' content, grey

}  // namespace mlrun
