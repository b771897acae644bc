// What the published data files must be, and facts about their content by which anybody can check a reader.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/symbol_table.hpp"

namespace mlrun {

struct KnownFile {
  const char* path;  // under the data root
  const char* what;
  uint64_t bytes;
  const char* sha256;
};
std::span<const KnownFile> known_files();

struct FileStatus {
  enum class State { kPresent, kMissing, kWrongSize, kUnknown };  // unknown: not one of known_files()
  std::string path, what;                                         // path relative to the root
  uint64_t bytes = 0, expected_bytes = 0;
  std::string expected_sha256;  // "" for unknown files
  State state = State::kMissing;
};
// The known files, then whatever else lies in the root and its folders, sorted by name. Looks at sizes only.
std::vector<FileStatus> data_files(const std::string& root);

struct DataFact {
  enum class State { kHolds, kFails, kMissing };  // missing: the files are not there
  std::string subject, fact, expected, found;
  State state = State::kMissing;
};
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
