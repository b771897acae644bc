#include "commands/sample/constraint.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "base/number.hpp"
#include "base/shell_word.hpp"
#include "config/diagnostics.hpp"
#include "config/unicode.hpp"
#include "constraints/automaton.hpp"
#include "constraints/ebnf.hpp"
#include "constraints/json_schema.hpp"
#include "constraints/mask.hpp"
#include "constraints/regex.hpp"
#include "data/number_text.hpp"
#include "io/file.hpp"
#include "io/png.hpp"

namespace mlrun {
namespace {

constexpr uint64_t kMostSourceBytes = uint64_t{1} << 24;

std::vector<int32_t> mask_of_png(const std::string& path, const DataSpec& data) {
  const io::Image image = io::read_png(path);
  if (!data.is_image() || data.alphabet != 2 || image.height != data.shape[0] || image.width != data.shape[1]) {
    fail(ExitCode::kUsage,
         "--mask {}: a picture of {}x{} for samples that are {}\n  symbols or ? with blanks between them   --mask "
         "FILE.txt",
         path, image.height, image.width,
         data.is_image() ? fmt::format("images of {}x{} with {} levels", data.shape[0], data.shape[1], data.alphabet)
                         : "no images");
  }
  std::vector<int32_t> forced;
  for (const uint8_t pixel : image.pixels) forced.push_back(pixel == 0 ? 0 : pixel == 255 ? 1 : -1);
  return forced;
}

// Without the byte order mark that editors on Windows write.
std::string text_of_file(const std::string& path) {
  return std::string(
      unmarked_text(io::read_text_file(path, kMostSourceBytes, ExitCode::kUsage), path, ExitCode::kUsage));
}

// A pattern of characters that is none itself would be read as other characters.
void require_characters(const std::string& text, const std::string& name) {
  const std::optional<size_t> bad = config::first_invalid_utf8(text);
  if (!bad) return;
  const std::string before = text.substr(0, *bad);
  const int64_t line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t begin = before.rfind('\n') == std::string::npos ? 0 : before.rfind('\n') + 1;
  fail(ExitCode::kUsage,
       "{}: found the byte 0x{:02x} in line {} after {} characters, expected UTF-8, as this model's text", name,
       static_cast<unsigned char>(text[*bad]), line, config::characters(before.substr(begin)));
}

std::vector<int32_t> mask_of_text(const std::string& path, const DataSpec& data) {
  constexpr std::string_view kBlanks = " \t\r\n,";
  const std::string text = text_of_file(path);
  std::vector<int32_t> forced;
  for (size_t begin = text.find_first_not_of(kBlanks); begin != std::string::npos;) {
    const size_t end = std::min(text.find_first_of(kBlanks, begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    const auto number = parse_integer(word);
    if (word != "?" && (!number || *number < 0 || *number >= data.alphabet)) {
      fail(ExitCode::kUsage,
           "--mask {}: found {} at place {}, expected symbols 0 to {}, or ? for any, with blanks between them", path,
           config::quote(word), forced.size(), data.alphabet - 1);
    }
    forced.push_back(word == "?" ? -1 : static_cast<int32_t>(*number));
    begin = text.find_first_not_of(kBlanks, end);
  }
  return forced;
}

std::unique_ptr<const constraints::Constraint> forced_symbols(const std::string& path, const TrainedModel& model,
                                                              int64_t room) {
  const AutoregressiveModel& drawn = model.autoregressive();
  const DataSpec& data = drawn.data();
  const std::vector<int32_t> forced = path.ends_with(".png") ? mask_of_png(path, data) : mask_of_text(path, data);
  if (static_cast<int64_t>(forced.size()) != data.positions() || room != data.positions()) {
    fail(ExitCode::kUsage,
         "--mask {}: {} symbols for samples of {}, of which {} are to be drawn\n  one for each   a symbol, or ?", path,
         forced.size(), data.positions(), room);
  }
  for (int64_t c = 1; c < drawn.components(); ++c) {
    if (drawn.order(c) == drawn.order(0)) continue;
    fail(ExitCode::kUsage,
         "--mask: this model visits positions in several orders\n  given a part of an image   --complete KNOWN");
  }
  std::vector<int32_t> in_order;
  for (const int64_t position : drawn.order(0)) in_order.push_back(forced[static_cast<size_t>(position)]);
  return std::make_unique<constraints::Mask>(std::move(in_order), data.alphabet);
}

}  // namespace

std::string ConstraintSource::words() const {
  if (!match.empty()) return "--match " + shell_word(match);
  if (!grammar.empty()) return "--grammar " + shell_word(grammar);
  return schema.empty() ? "--mask " + shell_word(mask) : "--json-schema " + shell_word(schema);
}

std::vector<std::string> ConstraintSource::files() const {
  std::vector<std::string> files;
  for (const std::string* file : {&grammar, &schema, &mask})
    if (!file->empty()) files.push_back(*file);
  return files;
}

std::unique_ptr<const constraints::Constraint> constraint_of(const ConstraintSource& source, const TrainedModel& model,
                                                             int64_t room) {
  if (!source.any()) return nullptr;
  if (!source.mask.empty()) return forced_symbols(source.mask, model, room);
  const auto& vocabulary = model.identity.vocabulary;
  const std::string name = !source.match.empty() ? "--match" : source.grammar.empty() ? source.schema : source.grammar;
  if (!vocabulary) {
    fail(ExitCode::kUsage, "{}: patterns are of texts, and this model's data are none\n  forced symbols   --mask FILE",
         source.words());
  }
  const bool bytes = vocabulary->unit() == TextUnit::kBytes;
  const auto grammar = [&] {
    const std::string text = source.match.empty() ? text_of_file(name) : source.match;
    if (!bytes) require_characters(text, name);
    if (!source.match.empty()) return constraints::grammar_of_regex(text, name, bytes);
    return source.grammar.empty() ? constraints::grammar_of_json_schema(text, name, bytes)
                                  : constraints::grammar_of_ebnf(text, name, bytes);
  };
  return std::make_unique<constraints::Automaton>(grammar(), vocabulary->codes(), room, name);
}

}  // namespace mlrun
