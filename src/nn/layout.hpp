// What a stranger needs in order to compute with the tensors of a checkpoint: the formulas in their order, and what
// each tensor is in them. Every model, mixer and quantiser explains itself; `mlrun show --layout` prints it, and
// scripts/read_checkpoint.py is a reader written from it.
#pragma once

#include <string>
#include <vector>

namespace mlrun {

class Layout {
 public:
  struct Entry {
    std::string path;     // of a parameter, buffer or state, without its group; * stands for a number: "hidden_*/bias"
    std::string meaning;  // one line
  };

  // The next line of the computation. In it x @ y is a matrix product, ' a transpose, * element by element.
  Layout& line(std::string text);
  Layout& tensor(std::string path, std::string meaning);
  // Takes in what a part says: its lines as they are, its tensors behind `prefix` ("block_*/mixer/").
  Layout& part(const std::string& prefix, const Layout& of);

  const std::vector<std::string>& lines() const { return lines_; }
  const std::vector<Entry>& tensors() const { return tensors_; }
  // The entry that explains this path, or null.
  const Entry* find(const std::string& path) const;

 private:
  std::vector<std::string> lines_;
  std::vector<Entry> tensors_;
};

}  // namespace mlrun
