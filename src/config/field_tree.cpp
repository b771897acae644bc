#include "config/field_tree.hpp"

#include <algorithm>

namespace mlrun::config {

FieldTree field_tree(const std::vector<FieldRecord>& fields) {
  FieldTree root;
  for (const FieldRecord& field : fields) {
    FieldTree* node = &root;
    for (size_t begin = 0; begin <= field.path.size();) {
      const size_t end = std::min(field.path.find('.', begin), field.path.size());
      const std::string name = field.path.substr(begin, end - begin);
      auto child = std::find_if(node->children.begin(), node->children.end(),
                                [&](const FieldTree& candidate) { return candidate.name == name; });
      if (child == node->children.end()) {
        node->children.push_back({name});
        child = node->children.end() - 1;
      }
      node = &*child;
      begin = end + 1;
    }
    node->record = &field;
  }
  return root;
}

}  // namespace mlrun::config
