// All mistakes of a spec, collected so that the user sees them at once: place, source line, caret, remedy.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "config/origin.hpp"

namespace mlrun::config {

// What throw_if_any throws (exit code 2). what() is the entire report: its lines already say "error:", print it as it
// is.
class SpecError : public Error {
 public:
  explicit SpecError(const std::string& report) : Error(ExitCode::kUsage, report) {}
};

// A shared handle: copies collect into the same list.
class Diagnostics {
 public:
  Diagnostics();

  // The text behind a file's name or an argument's place, so that the mistake can be shown in its line.
  void add_source(const std::string& file, const std::string& text);
  void add_argument(const Origin& place, const std::string& text);

  // `length`: characters under the caret, at least 1. `remedy`: one line or "". `topic`: what to ask `mlrun config
  // schema` about ("model.made"), or "".
  void add(const Origin& place, int length, const std::string& message, const std::string& remedy = "",
           const std::string& topic = "");

  int count() const;
  std::string report()
      const;  // in order of place: files in the order they were read, then arguments; "" when there are none
  void throw_if_any() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Text of the user made fit to print in a message: quoted, control characters escaped, cut after some 60 characters.
std::string quote(std::string_view text);

}  // namespace mlrun::config
