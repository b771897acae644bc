#include "io/journal.hpp"

#include <system_error>
#include <utility>

#include "base/log.hpp"
#include "io/directory.hpp"
#include "io/json_line.hpp"

namespace mlrun::io {
namespace {

constexpr size_t kMostPending = 1 << 20;
constexpr uint64_t kMostJournal = uint64_t{4} << 30;

}  // namespace

Journal::Journal(const std::string& path) : path_(path), file_(path) {
  if (!file_.ends_in_newline()) pending_.push_back('\n');
}

Journal::~Journal() { flush(); }

bool Journal::append(const Record& record) {
  std::string line = json_line(record) + "\n";
  if (pending_.size() + line.size() > kMostPending) ++dropped_;
  else pending_ += line;
  return flush() && dropped_ == 0;
}

bool Journal::flush() {
  pending_.erase(0, file_.append(pending_));
  if (pending_.empty()) return true;
  if (!std::exchange(warned_, true)) {
    log::warning("cannot write the metrics to {}: {}; going on, and trying again with every record", path_,
                 std::generic_category().message(file_.error()));
  }
  return false;
}

JournalContents read_journal(const std::string& path, const LineFilter& wanted) {
  JournalContents contents;
  if (!exists(path)) return contents;
  const Bytes bytes = read_file(path, kMostJournal, ExitCode::kDisk);
  for (std::string_view rest = bytes.text(); !rest.empty();) {
    const size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.empty() || (wanted && !wanted(line, rest.substr(0, rest.find('\n'))))) continue;
    // A torn line cannot pass for a shorter record: no front part of an object is an object.
    Record record = Record::parse(line, nullptr, false);
    if (record.is_object()) contents.records.push_back(std::move(record));
    else ++contents.unreadable;
  }
  return contents;
}

int64_t cut_journal(const std::string& path, const std::function<bool(const Record&)>& keep) {
  const JournalContents contents = read_journal(path);
  std::string text;
  int64_t gone = 0;
  for (const Record& record : contents.records) {
    if (keep(record)) text += json_line(record) + "\n";
    else ++gone;
  }
  if (gone > 0 || contents.unreadable > 0) write_atomically(path, text);
  return gone;
}

}  // namespace mlrun::io
