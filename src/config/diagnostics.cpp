#include "config/diagnostics.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "base/advice.hpp"
#include "base/printable.hpp"
#include "config/unicode.hpp"

namespace mlrun::config {

struct Mistake {
  Origin place;
  int length = 1;
  std::string message, remedy, topic;
};

namespace {

constexpr size_t kMaxShown = 50;      // mistakes
constexpr size_t kWindow = 100;       // characters of a source line
constexpr size_t kWindowBefore = 40;  // of them before the caret
constexpr size_t kMaxQuoted = 60;     // characters of user text in a message

// Bytes that are not UTF-8 become '?': a message must not break the terminal or the log.
std::string repaired(std::string_view text) {
  std::string out(text);
  while (const std::optional<size_t> bad = first_invalid_utf8(out)) {
    for (size_t i = *bad; i < out.size(); ++i)
      if (static_cast<unsigned char>(out[i]) >= 0x80) out[i] = '?';
  }
  return out;
}

// The source line and a caret under the place:
//    14 |   hiden: [500]
//       |   ^~~~~ remedy
std::string excerpt(std::string_view line, const Mistake& mistake) {
  size_t column = static_cast<size_t>(mistake.place.column - 1);
  const size_t total = characters(line);
  const bool cut_before = total > kWindow && column > kWindowBefore;
  const size_t skipped = cut_before ? std::min(column - kWindowBefore, total - kWindow) : 0;
  line.remove_prefix(first_characters(line, skipped).size());
  column -= skipped;
  const bool cut_after = total - skipped > kWindow;
  std::string shown = repaired(first_characters(line, kWindow));
  // A tab or a control character is shown as one blank, so that the caret stands where it should.
  for (char& c : shown)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  const size_t room = std::min(total - skipped, kWindow);
  const size_t length =
      std::clamp<size_t>(static_cast<size_t>(std::max(mistake.length, 1)), 1, room > column ? room - column : 1);
  const std::string indent(column + (cut_before ? 3 : 0), ' ');
  std::string out =
      fmt::format("{:>5} | {}{}{}\n", mistake.place.line, cut_before ? "..." : "", shown, cut_after ? "..." : "");
  out += fmt::format("      | {}^{}", indent, std::string(length - 1, '~'));
  if (!mistake.remedy.empty()) out += " " + mistake.remedy;
  return out + "\n";
}

}  // namespace

struct Diagnostics::State {
  std::vector<Mistake> mistakes;
  std::set<std::string> seen;                // a field read twice reports its mistake once
  std::map<std::string, size_t> order;       // of files and arguments, as they were added
  std::map<std::string, std::string> texts;  // of files and arguments
  std::map<std::string, std::vector<size_t>> line_starts;

  std::string_view line(const Origin& place) const {
    const auto text = texts.find(place.file);
    const auto starts = line_starts.find(place.file);
    if (text == texts.end() || starts == line_starts.end()) return {};
    const size_t index = static_cast<size_t>(place.line - 1);
    if (index >= starts->second.size()) return {};
    const std::string_view rest = std::string_view(text->second).substr(starts->second[index]);
    return rest.substr(0, rest.find('\n'));
  }

  std::tuple<int, size_t, int, int> rank(const Origin& place) const {
    const auto found = order.find(place.argument > 0 ? place.print() : place.file);
    return {place.argument > 0 ? 1 : 0, found == order.end() ? order.size() : found->second, place.line, place.column};
  }

  std::string print(const Mistake& mistake) const {
    std::string message = mistake.message;
    if (mistake.place.argument > 0) {
      const auto text = texts.find(mistake.place.print());
      if (text != texts.end()) message = quote(text->second) + ": " + message;
    }
    std::string out = fmt::format("{}: error: {}", mistake.place.print(), message);
    const bool in_line = mistake.place.argument == 0 && mistake.place.line > 0;
    if (in_line && line_starts.count(mistake.place.file) > 0) return out + "\n" + excerpt(line(mistake.place), mistake);
    if (!mistake.remedy.empty()) out += "; " + mistake.remedy;
    return out + "\n";
  }
};

Diagnostics::Diagnostics() : state_(std::make_shared<State>()) {}

void Diagnostics::add_source(const std::string& file, const std::string& text) {
  state_->order.emplace(file, state_->order.size());
  state_->texts[file] = text;
  std::vector<size_t>& starts = state_->line_starts[file];
  starts.assign(1, 0);
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n') starts.push_back(i + 1);
}

void Diagnostics::add_argument(const Origin& place, const std::string& text) {
  state_->order.emplace(place.print(), state_->order.size());
  state_->texts[place.print()] = text;
}

void Diagnostics::add(const Origin& place, int length, const std::string& message, const std::string& remedy,
                      const std::string& topic) {
  if (!state_->seen.insert(place.print() + "\n" + message).second) return;
  state_->mistakes.push_back({place, length, message, remedy, topic});
}

int Diagnostics::count() const { return static_cast<int>(state_->mistakes.size()); }

std::string Diagnostics::report() const {
  std::vector<Mistake> sorted = state_->mistakes;
  if (sorted.empty()) return "";
  std::stable_sort(sorted.begin(), sorted.end(), [this](const Mistake& a, const Mistake& b) {
    return state_->rank(a.place) < state_->rank(b.place);
  });
  std::string out, topic;
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (i < kMaxShown) out += state_->print(sorted[i]);
    if (topic.empty()) topic = sorted[i].topic;
  }
  if (sorted.size() > kMaxShown) out += fmt::format("... and {} more\n", sorted.size() - kMaxShown);
  out += fmt::format("{} error{}; nothing was started.", sorted.size(), sorted.size() == 1 ? "" : "s");
  if (!topic.empty()) out += "   See: " + advice::command({"config", "schema", topic});
  return out;
}

void Diagnostics::throw_if_any() const {
  if (count() > 0) throw SpecError(report());
}

std::string quote(std::string_view text) {
  const std::string_view head = first_characters(text, kMaxQuoted);
  return fmt::format("'{}{}'", printable(repaired(head)), head.size() < text.size() ? "..." : "");
}

}  // namespace mlrun::config
