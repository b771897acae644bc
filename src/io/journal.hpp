// metrics.jsonl, the journal of a run: one JSON object per line, appended. What it holds is the truth about the
// metrics.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "io/file.hpp"

namespace mlrun::io {

using Record = nlohmann::ordered_json;

// Never throws for the disk's sake: metrics cannot stop a training run. Lines that could not be written are kept (up to
// 1 MiB) and tried again with the next one; the first failure is a warning in the log.
class Journal {
 public:
  explicit Journal(const std::string& path);  // appends; a torn last line of a killed process is closed first
  ~Journal();                                 // one last try
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  bool append(const Record& record);  // NaN and Inf are written as null; true: everything so far is in the file
  void sync() { file_.sync(); }       // before a checkpoint, so that a power cut does not take rows that it counts on
  int64_t dropped() const { return dropped_; }

 private:
  bool flush();

  std::string path_, pending_;
  AppendFile file_;
  int64_t dropped_ = 0;
  bool warned_ = false;
};

struct JournalContents {
  std::vector<Record> records;
  int64_t unreadable = 0;  // lines that are not a JSON object, a torn last line included
};

// Which lines are worth parsing: a line and the one behind it ("" behind the last), as they stand. Null: all.
using LineFilter = std::function<bool(std::string_view line, std::string_view next)>;

// A missing file is an empty journal. Error(kDisk) if it cannot be read or is over 4 GiB.
JournalContents read_journal(const std::string& path, const LineFilter& wanted = nullptr);

// Rewrites the journal atomically with the lines for which keep(record) holds; unreadable lines go. Returns how many
// records went. No Journal may have the file open. Error(kDisk).
int64_t cut_journal(const std::string& path, const std::function<bool(const Record&)>& keep);

}  // namespace mlrun::io
