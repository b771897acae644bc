// The declared fields as a tree of sections.
#pragma once

#include <string>
#include <vector>

#include "config/field.hpp"

namespace mlrun::config {

struct FieldTree {
  std::string name = {};
  const FieldRecord* record = nullptr;
  std::vector<FieldTree> children = {};  // in the order they were declared
};

// Points into `fields`, which must outlive it.
FieldTree field_tree(const std::vector<FieldRecord>& fields);

}  // namespace mlrun::config
