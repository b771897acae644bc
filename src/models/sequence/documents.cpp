#include "models/sequence/documents.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace mlrun {
namespace {

struct Document {
  int64_t row, begin, length;
};

std::vector<Document> documents_of(const Tensor& inputs, int32_t start) {
  std::vector<Document> documents;
  const int64_t length = inputs.dim(1);
  for (int64_t row = 0; row < inputs.dim(0); ++row) {
    const int32_t* symbols = inputs.data<int32_t>() + row * length;
    for (int64_t t = 0; t < length; ++t) {
      if (t == 0 || symbols[t] == start) documents.push_back({row, t, 0});
      ++documents.back().length;
    }
  }
  return documents;
}

}  // namespace

bool holds_documents(const Tensor& inputs, int32_t start) {
  const int64_t length = inputs.dim(1);
  for (int64_t row = 0; row < inputs.dim(0); ++row) {
    const int32_t* symbols = inputs.data<int32_t>() + row * length;
    if (std::find(symbols + 1, symbols + length, start) != symbols + length) return true;
  }
  return false;
}

UnpackedDocuments unpacked(const Tensor& inputs, int32_t start) {
  const int64_t length = inputs.dim(1), step = std::max<int64_t>(16, (length / 16 + 15) / 16 * 16);
  std::map<int64_t, std::vector<Document>> by_length;
  for (const Document& document : documents_of(inputs, start))
    by_length[std::min(length, (document.length + step - 1) / step * step)].push_back(document);
  UnpackedDocuments all = {{}, Tensor(inputs.shape(), DType::kS32)};
  int32_t place = 0;
  for (const auto& [positions, documents] : by_length) {
    DocumentLot lot = {Tensor({static_cast<int64_t>(documents.size()), positions}, DType::kS32), {}};
    int32_t* to = lot.inputs.data<int32_t>();
    std::fill_n(to, lot.inputs.count(), start);
    for (const Document& document : documents) {
      const int64_t from = document.row * length + document.begin;
      std::copy_n(inputs.data<int32_t>() + from, document.length, to);
      for (int64_t t = 0; t < document.length; ++t)
        all.places.data<int32_t>()[from + t] = place + static_cast<int32_t>(t);
      lot.rows.push_back(document.row);
      to += positions;
      place += static_cast<int32_t>(positions);
    }
    all.lots.push_back(std::move(lot));
  }
  return all;
}

}  // namespace mlrun
