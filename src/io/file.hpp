// Whole files in, whole files out. No file of mlrun is modified in place: a reader sees the old file or the new one,
// and so does the next process after a kill or a power cut at any moment. (The journal, which grows, is AppendFile.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "io/bytes.hpp"

namespace mlrun::io {

// The contents of a file of at most `max_bytes` bytes. A missing, unreadable, too large file, or a directory:
// Error(code) naming path and reason.
Bytes read_file(const std::string& path, uint64_t max_bytes, ExitCode code);
// The same, but the bytes stay in the file until they are looked at, so that it may be larger than memory. They
// cannot be written to, and the file must stay as it is meanwhile: map only what mlrun itself made and never modifies in
// place. What cannot be mapped is read.
Bytes map_file(const std::string& path, uint64_t max_bytes, ExitCode code);
std::string read_text_file(const std::string& path, uint64_t max_bytes, ExitCode code);

// Writes a temporary file beside `path` (path.PID-RANDOM.tmp), flushes it to the disk, renames it over `path` and
// flushes the directory. On failure the old file is untouched, the temporary is gone, and Error(kDisk) names path,
// bytes and reason. Refuses to replace what is not a regular file (/dev/null, a directory).
void write_atomically(const std::string& path, std::span<const std::byte> contents);
void write_atomically(const std::string& path, std::string_view contents);
// The same, the contents being the parts one after the other.
void write_atomically(const std::string& path, std::initializer_list<std::span<const std::byte>> parts);

bool is_temporary(const std::string& name);  // is this file such a temporary, by its name?

// Removes temporaries that a killed process left in `directory` and returns how many. Call it only while holding the
// lock of the run, or a writer's temporary may go.
int remove_stale_temporaries(const std::string& directory);

// A file that only grows. Never throws: what could not be written is the caller's to keep.
class AppendFile {
 public:
  explicit AppendFile(std::string path);  // created if missing; see error(). Every append tries again to open it
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  // Appends by one write(2), so that lines of two processes do not mix, and says how many bytes were written. Fewer
  // than asked: error() says why (an errno), and the rest is still to be appended.
  size_t append(std::string_view text);
  void sync();                          // to the disk, as far as it will: a failure is not an error
  int error() const { return error_; }  // errno of the last open or append; 0 if it went well
  bool ends_in_newline();               // or is empty: is the last line whole?

 private:
  void open();
  std::string path_;
  int descriptor_ = -1;
  int error_ = 0;
};

}  // namespace mlrun::io
