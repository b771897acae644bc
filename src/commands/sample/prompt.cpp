#include "commands/sample/prompt.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/number.hpp"
#include "commands/sample/caption_prefix.hpp"
#include "data/number_text.hpp"
#include "experiment/trained_data.hpp"
#include "io/file.hpp"

namespace mlrun {
namespace {

constexpr uint64_t kMostPromptBytes = uint64_t{1} << 26;

std::string read_prompt(const std::string& text) {
  if (!text.starts_with("@")) return text;
  if (text.starts_with("@@")) return text.substr(1);
  const std::string file = text.substr(1);
  return std::string(
      unmarked_text(io::read_text_file(file, kMostPromptBytes, ExitCode::kUsage), file, ExitCode::kUsage));
}

std::vector<int32_t> numbers_of(const std::string& text, int64_t alphabet) {
  constexpr std::string_view kBlanks = " \t\r\n,";
  std::vector<int32_t> symbols;
  for (size_t begin = text.find_first_not_of(kBlanks); begin != std::string::npos;) {
    const size_t end = std::min(text.find_first_of(kBlanks, begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    const auto number = parse_integer(word);
    if (!number || *number < 0 || *number >= alphabet) {
      fail(ExitCode::kUsage, "--prompt: found '{}' at place {}, expected symbols 0 to {} with blanks between them",
           word, symbols.size(), alphabet - 1);
    }
    symbols.push_back(static_cast<int32_t>(*number));
    begin = text.find_first_not_of(kBlanks, end);
  }
  return symbols;
}

}  // namespace

Tensor prompt_of(const TrainedModel& trained, const std::string& text) {
  const auto& vocabulary = trained.identity.vocabulary;
  const DataSpec& data = trained.identity.data;
  std::string prompt = read_prompt(text);
  if (trained.identity.caption_stream) {
    if (text.starts_with("@") && prompt.ends_with('\n')) prompt.pop_back();
    return stream_of_caption(trained, prompt, "--prompt");
  }
  const std::vector<int32_t> symbols =
      vocabulary ? vocabulary->symbols(prompt, "--prompt") : numbers_of(prompt, data.alphabet);
  const auto count = static_cast<int64_t>(symbols.size());
  if (count == 0) fail(ExitCode::kUsage, "--prompt: there is nothing in it");
  if (count < data.given) {
    fail(ExitCode::kUsage, "--prompt: {} symbols, and the questions of this data have {}", count, data.given);
  }
  return Tensor::of({1, count}, symbols);
}

Tensor questions_of(const TrainedModel& trained, int64_t count) {
  const std::unique_ptr<Dataset> data = data_of(trained);
  const int64_t rows = data->count(Split::kTest), given = trained.identity.data.given;
  if (rows == 0) fail(ExitCode::kData, "the test split of this data is empty, and its questions are to be answered");
  std::vector<int64_t> numbers;
  for (int64_t i = 0; i < count; ++i) numbers.push_back(i % rows);
  const Tensor symbols = data->batch(Split::kTest, numbers, 0).symbols;
  Tensor questions({count, given}, DType::kS32);
  for (int64_t i = 0; i < count; ++i) {
    std::copy_n(symbols.data<int32_t>() + i * symbols.dim(1), given, questions.data<int32_t>() + i * given);
  }
  return questions;
}

}  // namespace mlrun
