// Small helpers on files and processes.
#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "catch.hpp"
#include "temporary_directory.hpp"

namespace mlrun::test {

inline int entries(const TemporaryDirectory& directory) {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory.path())) ++count;
  return count;
}

inline void put(const std::string& path, std::string_view contents) {
  std::ofstream(path, std::ios::binary).write(contents.data(), static_cast<std::streamsize>(contents.size()));
}

inline std::string get(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Calls `action`, which must throw Error with this code, and returns its message.
template <class Action>
std::string message_of(ExitCode code, const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(static_cast<int>(error.code()) == static_cast<int>(code));
    return error.what();
  }
  FAIL("nothing was thrown");
  return "";
}

struct Output {
  int status = -1;  // of the process; 127 when the shell does not find it
  std::string text;
};

inline Output run(const std::string& command) {
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  Output output;
  std::array<char, 4096> piece = {};
  for (size_t n; (n = std::fread(piece.data(), 1, piece.size(), pipe)) > 0;) output.text.append(piece.data(), n);
  const int status = ::pclose(pipe);
  output.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return output;
}

}  // namespace mlrun::test
