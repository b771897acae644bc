#include "cli/words/label.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "config/unicode.hpp"

namespace mlrun::cli {
namespace {

// A journal holds text: other bytes would come back as other words than were written.
void require_text(const std::string& words) {
  if (const auto bad = config::first_invalid_utf8(words))
    fail(ExitCode::kUsage, "found the byte 0x{:02x} in '{}', expected UTF-8", static_cast<unsigned char>(words[*bad]),
         words.substr(0, *bad));
}

}  // namespace

void label_and_print(const std::vector<RunSummary>& runs, const LabelRequest& request) {
  for (const std::string& tag : request.tags) require_text(tag);
  for (const std::string& words : {request.group, request.note, request.name}) require_text(words);
  for (const RunSummary& run : runs) {
    if (label_run(run, request)) fmt::print("{}\n", run.path);
    else log::info("{} has that already", run.id);
  }
}

void add_one_run(Command& command, std::string& selector) {
  command.add_option("RUN", selector, "a run (directory, id, prefix of one, @last, @group:NAME@best)")
      ->required()
      ->type_name("RUN")
      ->takes({{Value::kRun}});
}

}  // namespace mlrun::cli
