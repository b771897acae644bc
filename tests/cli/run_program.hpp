// Runs mlrun, or a shell, as a user does: in a fresh directory, with its own run root and without the caller's
// settings.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "catch.hpp"
#include "temporary_directory.hpp"

namespace mlrun::test {

struct ProgramResult {
  int exit_code = -1;  // 128 + signal where one ended it; 127: there is no such program
  std::string out, err;
  std::string last_line() const {  // of stdout
    const size_t end = out.find_last_not_of('\n');
    if (end == std::string::npos) return "";
    const size_t start = out.rfind('\n', end);
    return out.substr(start == std::string::npos ? 0 : start + 1,
                      end - (start == std::string::npos ? 0 : start + 1) + 1);
  }
  std::vector<std::string> lines() const {  // of stdout
    std::vector<std::string> all;
    std::istringstream text(out);
    for (std::string line; std::getline(text, line);) all.push_back(line);
    return all;
  }
};

inline bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Where the digits are kept once they are drawn, for all tests of this process; removed at its end.
inline const std::string& shared_cache() {
  static const TemporaryDirectory folder;
  return folder.path();
}

// A directory that holds runs/ (MLRUN_RUN_ROOT) and data/ (MLRUN_DATA_ROOT, empty); removed with all it holds.
class Workplace {
 public:
  Workplace() {
    for (const char* folder : {"runs", "data"}) std::filesystem::create_directory(directory_ / folder);
    environment_ = {{"MLRUN_RUN_ROOT", directory_ / "runs"},
                    {"MLRUN_DATA_ROOT", directory_ / "data"},
                    {"XDG_CACHE_HOME", shared_cache()},
                    {"MLRUN_THREADS", ""},
                    {"LC_ALL", "C.UTF-8"},
                    {"NO_COLOR", "1"},
                    {"TERM", "dumb"},
                    {"COLUMNS", "80"}};
  }
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;

  const std::string& path() const { return directory_.path(); }
  std::string path(const std::string& name) const { return directory_ / name; }
  std::string runs() const { return directory_ / "runs"; }
  void set(const std::string& name, const std::string& value) { environment_[name] = value; }

  void put(const std::string& name, const std::string& contents) const {
    std::ofstream(path(name), std::ios::binary) << contents;
  }
  std::string get(const std::string& name) const { return read(path(name)); }

  static std::string binary() {
    const char* binary = std::getenv("MLRUN_BINARY");
    REQUIRE(binary != nullptr);  // set by ctest; by hand: MLRUN_BINARY=/path/to/mlrun test_cli
    return std::filesystem::absolute(binary).string();
  }
  // The project's checkout.
  static std::string source() {
    const char* folder = std::getenv("MLRUN_SOURCE_DIR");
    REQUIRE(folder != nullptr);  // set by ctest
    return folder;
  }
  // mlrun with these arguments. stdin is empty.
  ProgramResult mlrun(const std::vector<std::string>& arguments) const {
    std::vector<std::string> words = {binary()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return run(words);
  }
  // A script of bash (or another shell), where `mlrun` is the program under test.
  ProgramResult shell(const std::string& script, const std::string& shell = "bash") const {
    return run({shell, "-c", script});
  }
  // A tiny run on the digits; returns its directory.
  std::string train(const std::vector<std::string>& more = {}) const {
    if (!std::filesystem::exists(path("tiny.yaml"))) put("tiny.yaml", tiny_spec());
    std::vector<std::string> words = {"train", "tiny.yaml", "-q"};
    words.insert(words.end(), more.begin(), more.end());
    const ProgramResult result = mlrun(words);
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return result.last_line();
  }
  static std::string tiny_spec() {
    return "name: tiny\n"
           "data: {kind: digits, train_limit: 200, valid_limit: 100, test_limit: 100}\n"
           "model: {kind: made, hidden: [8]}\n"
           "train: {for: 3 steps, batch_size: 50}\n"
           "compute: {lanes: 2}\n";
  }

  ProgramResult run(const std::vector<std::string>& words) const { return wait(start(words)); }

  // Begins a program and returns its process; `wait` for each, after a kill if need be.
  struct Started {
    pid_t pid = -1;
    std::string out, err;  // files
  };
  Started start(const std::vector<std::string>& words) const {
    const int number = started_++;
    const Started started{-1, path(".stdout-" + std::to_string(number)), path(".stderr-" + std::to_string(number))};
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    const std::string search = std::filesystem::path(binary()).parent_path().string() + ":" + std::getenv("PATH");
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      for (const auto& [name, value] : environment_) ::setenv(name.c_str(), value.c_str(), 1);
      ::setenv("PATH", search.c_str(), 1);
      const int null = ::open("/dev/null", O_RDONLY);
      const int to_out = ::open(started.out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      const int to_err = ::open(started.err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      if (::chdir(path().c_str()) != 0 || ::dup2(null, 0) < 0 || ::dup2(to_out, 1) < 0 || ::dup2(to_err, 2) < 0)
        ::_exit(126);
      ::execvp(argv[0], argv.data());
      ::_exit(127);
    }
    return {child, started.out, started.err};
  }
  ProgramResult wait(const Started& started) const {
    int status = 0;
    REQUIRE(::waitpid(started.pid, &status, 0) == started.pid);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read(started.out), read(started.err)};
  }

 private:
  static std::string read(const std::string& file) {
    std::ifstream stream(file, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
  }
  TemporaryDirectory directory_;
  std::map<std::string, std::string> environment_;
  mutable int started_ = 0;
};

}  // namespace mlrun::test
