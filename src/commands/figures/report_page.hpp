// The frame of a report: a page in one file, light or dark as its reader has it, readable on a phone and on paper.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace mlrun {

// Cells are HTML; every column is aligned to the right where all its cells begin like numbers. A row's kind is a class
// of the style: "best", "bad" or "".
struct PageTable {
  struct Row {
    std::vector<std::string> cells;
    std::string kind;
  };
  std::vector<std::string> headings;
  std::vector<Row> rows;
  std::string html() const;
};

class Page {
 public:
  explicit Page(std::string title) : title_(std::move(title)) {}
  void paragraph(const std::string& html) { body_ += html; }
  // With a heading that the contents at the top lead to; a section with nothing in it is not there.
  void section(const std::string& heading, const std::string& html);
  void footer(const std::string& text);
  std::string html() const;

 private:
  std::string title_, contents_, body_;
  int sections_ = 0;
};

}  // namespace mlrun
