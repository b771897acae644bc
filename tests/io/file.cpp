#include "io/file.hpp"

#include <sys/resource.h>

#include <csignal>

#include "io/directory.hpp"
#include "io/files.hpp"

using namespace mlrun;
using namespace mlrun::io;
using namespace mlrun::test;

namespace {

// While it lives, no file of this process grows past `bytes`: write(2) first falls short, then fails with EFBIG.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_ = {};
};

}  // namespace

TEST_CASE("a file is written whole, in parts, and leaves nothing else behind") {
  const TemporaryDirectory directory;
  const std::string path = (directory / "a");
  write_atomically(path, "old");
  write_atomically(path, {bytes_of("new "), bytes_of(""), bytes_of("contents")});
  CHECK(get(path) == "new contents");
  CHECK(entries(directory) == 1);
}

TEST_CASE("a write that fails midway names path, bytes and reason, and leaves the old file") {
  const TemporaryDirectory directory;
  const std::string path = (directory / "a"), large(300000, 'x');
  write_atomically(path, "old");
  std::string message;
  {
    const FileSizeLimit limit(100000);
    message = message_of(ExitCode::kDisk, [&] { write_atomically(path, large); });
  }
  CHECK(message == "cannot write " + path + " (300000 bytes): writing: File too large");
  CHECK(get(path) == "old");
  CHECK(entries(directory) == 1);
}

TEST_CASE("a file cannot be written into a directory that is not there, nor over what is not a file") {
  const TemporaryDirectory directory;
  CHECK_THAT(message_of(ExitCode::kDisk, [&] { write_atomically((directory / "no/a"), "x"); }),
             Catch::Contains("no/a") && Catch::Contains("No such file"));
  make_directories((directory / "d"));
  CHECK_THAT(message_of(ExitCode::kDisk, [&] { write_atomically((directory / "d"), "x"); }),
             Catch::Contains("not a regular file"));
  CHECK_THAT(message_of(ExitCode::kDisk, [&] { write_atomically("/dev/null", "x"); }),
             Catch::Contains("not a regular file"));
}

TEST_CASE("reading says what is wrong, with the caller's exit code") {
  const TemporaryDirectory directory;
  put((directory / "a"), "12345");
  CHECK(read_text_file((directory / "a"), 5, ExitCode::kData) == "12345");
  CHECK_THAT(message_of(ExitCode::kData, [&] { read_file((directory / "a"), 4, ExitCode::kData); }),
             Catch::Contains("larger than the 4 bytes"));
  CHECK_THAT(message_of(ExitCode::kUsage, [&] { read_file((directory / "b"), 4, ExitCode::kUsage); }),
             Catch::Contains("No such file"));
  CHECK_THAT(message_of(ExitCode::kUsage, [&] { read_file(directory.path(), 4, ExitCode::kUsage); }),
             Catch::Contains("directory"));
}

TEST_CASE("a file without an end is read up to the cap only, and /proc files are read though they say 0 bytes") {
  CHECK_THAT(message_of(ExitCode::kData, [] { read_file("/dev/zero", 1 << 20, ExitCode::kData); }),
             Catch::Contains("larger"));
  CHECK_THAT(read_text_file("/proc/self/status", 1 << 20, ExitCode::kData), Catch::Contains("VmHWM"));
}

TEST_CASE("only our own temporaries are removed") {
  const TemporaryDirectory directory;
  for (const char* name : {"a.h5.123-0123abcd.tmp", ".1-00000000.tmp"}) put((directory / name), "x");
  for (const char* name :
       {"a.tmp", "a.123-0123abc.tmp", "a.12x-0123abcd.tmp", "a.123-0123abcd.h5", "123-0123abcd.tmp"}) {
    put((directory / name), "x");
  }
  CHECK(remove_stale_temporaries(directory.path()) == 1);
  CHECK(entries(directory) == 6);
  CHECK(remove_stale_temporaries((directory / "missing")) == 0);
}

TEST_CASE("appending on a full disk keeps what was written and says how much") {
  const TemporaryDirectory directory;
  AppendFile file((directory / "a"));
  CHECK(file.append("0123456789") == 10);
  {
    const FileSizeLimit limit(15);
    CHECK(file.append("0123456789") == 5);
    CHECK(file.error() == EFBIG);
  }
  CHECK(file.append("56789") == 5);
  CHECK(file.error() == 0);
  CHECK(get((directory / "a")) == "01234567890123456789");
  AppendFile full("/dev/full");
  CHECK(full.append("x") == 0);
  CHECK(full.error() == ENOSPC);
}

TEST_CASE("directories are made, listed in order, and made exclusively once") {
  const TemporaryDirectory directory;
  make_directories((directory / "x/y/z"));
  make_directories((directory / "x/y/z"));
  put((directory / "x/b"), "");
  put((directory / "x/a"), "");
  CHECK(list_directory((directory / "x")) == std::vector<std::string>{"a", "b", "y"});
  CHECK(make_directory_exclusive((directory / "n")));
  CHECK_FALSE(make_directory_exclusive((directory / "n")));
  CHECK_THAT(message_of(ExitCode::kDisk, [&] { make_directory_exclusive((directory / "no/n")); }),
             Catch::Contains("no/n"));
  CHECK_THAT(message_of(ExitCode::kDisk, [&] { make_directories((directory / "x/a/b")); }), Catch::Contains("x/a/b"));
  require_writable((directory / "x"));
  CHECK(list_directory((directory / "x")).size() == 3);
  CHECK_THAT(message_of(ExitCode::kDisk, [&] { require_writable((directory / "nowhere")); }),
             Catch::Contains("nowhere"));
  CHECK(free_bytes(directory.path()) > 0);
  remove_file((directory / "x/a"));
  remove_file((directory / "x/a"));
  CHECK_FALSE(exists((directory / "x/a")));
  CHECK(is_directory((directory / "x")));
}
