#include "data/text_table.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.hpp"
#include "base/number.hpp"

namespace mlrun {
namespace {

constexpr auto kData = ExitCode::kData;

class TextTable {
 public:
  TextTable(std::string_view text, const std::string& name, int32_t largest)
      : name_(name), largest_(largest), at_(text.data()), end_(text.data() + text.size()), line_start_(at_) {
    const std::string_view first = text.substr(0, text.find('\n'));
    for (const char c : {';', ',', '\t'}) {
      if (separator_ == ' ' && first.find(c) != std::string_view::npos) separator_ = c;
    }
  }

  SymbolTable parse() {
    while (at_ < end_ && !only_blank_lines_left()) {
      read_row();
      if (line_ == 1) builder_ = SymbolTableBuilder(static_cast<int64_t>(row_.size()));
      if (static_cast<int64_t>(row_.size()) != width_ && line_ > 1) {
        fail(kData, "{}:{}: found {} numbers, expected {}, as in line 1", name_, line_, row_.size(), width_);
      }
      width_ = static_cast<int64_t>(row_.size());
      builder_.append(row_);
      ++line_;
    }
    if (line_ == 1) fail(kData, "{}: found no numbers, expected rows of 0 .. {}", name_, largest_);
    return std::move(builder_).finish();
  }

 private:
  static bool digit(char c) { return c >= '0' && c <= '9'; }
  bool blank(char c) const { return c == ' ' || c == '\r' || (c == '\t' && separator_ != '\t'); }

  bool only_blank_lines_left() const {
    return (*at_ == '\n' || *at_ == '\r' || *at_ == ' ') &&
           std::all_of(at_, end_, [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; });
  }

  void read_row() {
    row_.clear();
    line_start_ = at_;
    if (separator_ == ' ' && largest_ >= 1) {  // the common case, "0 1 0 ...", at a nanosecond a character
      while (end_ - at_ > 1 && (*at_ == '0' || *at_ == '1') && at_[1] == ' ') {
        row_.push_back(static_cast<uint16_t>(*at_ - '0'));
        at_ += 2;
      }
    }
    bool separated = true;  // a number may come
    for (;;) {
      while (at_ < end_ && blank(*at_)) separated |= separator_ == ' ', ++at_;
      if (at_ == end_ || *at_ == '\n') {
        if (row_.empty() || (separated && separator_ != ' ')) wrong_number();
        if (at_ < end_) ++at_;
        return;
      }
      if (!separated) wrong_number();
      row_.push_back(read_number());
      separated = false;
      const char* const behind = at_;
      while (at_ < end_ && blank(*at_)) ++at_;
      if (separator_ == ' ') separated = at_ > behind;
      else if (at_ < end_ && *at_ == separator_) separated = true, ++at_;
    }
  }

  std::string_view token() const {
    const char* stop = at_;
    while (stop < end_ && *stop != separator_ && *stop != '\n' && !blank(*stop)) ++stop;
    return {at_, static_cast<size_t>(stop - at_)};
  }

  uint16_t read_number() {
    const std::string_view word = token();
    int32_t value = 0;
    if (word.size() <= 5 && !word.empty() && std::all_of(word.begin(), word.end(), digit) &&
        (word[0] != '0' || word.size() == 1)) {
      for (const char c : word) value = value * 10 + (c - '0');
    } else {
      const auto real = parse_real(word);
      if (!real || word.find('_') != word.npos || *real != std::floor(*real) || *real < 0 || *real > largest_)
        wrong_number();
      value = static_cast<int32_t>(*real);
    }
    if (value > largest_) wrong_number();
    at_ += word.size();
    return static_cast<uint16_t>(value);
  }

  [[noreturn]] void wrong_number() const {
    std::string found(token().substr(0, 20));
    for (char& c : found) c = c >= ' ' && c <= '~' ? c : '?';
    const bool words = line_ == 1 && std::any_of(found.begin(), found.end(),
                                                 [](char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; });
    fail(kData, "{}:{}:{}: found {}, expected {}{}", name_, line_, at_ - line_start_ + 1,
         found.empty() ? at_ == end_ ? "the end" : "nothing" : "'" + found + "'",
         largest_ == 1 ? std::string("0 or 1") : fmt::format("a whole number 0 .. {}", largest_),
         words ? "\n  a header line is not accepted: remove it (tail -n +2)" : "");
  }

  const std::string& name_;
  int32_t largest_;
  char separator_ = ' ';
  const char *at_, *end_, *line_start_;
  int64_t line_ = 1, width_ = 0;
  std::vector<uint16_t> row_;
  SymbolTableBuilder builder_{0};
};

}  // namespace

SymbolTable parse_text_table(std::string_view text, const std::string& name, int32_t largest) {
  return TextTable(text, name, largest).parse();
}

}  // namespace mlrun
