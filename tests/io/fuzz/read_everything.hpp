// A small HDF5 file with what checkpoints hold, and a reading of all of any such file.
#pragma once

#include <string>
#include <vector>

#include "io/hdf5/reader.hpp"
#include "io/hdf5/writer.hpp"

namespace mlrun::fuzz {

inline io::Bytes small_file() {
  io::Hdf5Writer file;
  file.attribute("/", "mlrun_format", std::string_view("checkpoint"));
  file.attribute("/", "mlrun_format_version", 1);
  file.text("config/resolved_yaml", "name: x\n");
  file.dataset("data/shape", std::vector<int64_t>{4});
  file.group("trainer");
  file.attribute("trainer", "best", 1.5);
  file.dataset("model/layer/weight", Tensor::zeros({2, 3}));
  file.attribute("model/layer/weight", "axes", std::vector<std::string>{"out", "in"});
  file.dataset("optimizer/m/layer/weight", Tensor::of({3}, {1, 2, 3}));
  return file.finish();
}

// Each access may be refused by itself, with the code the file was opened with.
template <class Read>
void attempt(const Read& read) {
  try {
    read();
  } catch (const Error& error) {
    if (error.code() == ExitCode::kInternal) throw;
  }
}

inline void read_everything(const io::Hdf5Reader& file) {
  for (const std::string& path : file.datasets("/")) {
    attempt([&] { file.tensor(path); });
    attempt([&] { file.reals(path); });
    attempt([&] { file.integers(path); });
    attempt([&] { file.text(path); });
    attempt([&] { file.texts_attribute(path, "axes"); });
  }
  for (const char* path : {"/", "trainer", "data", "model/layer/weight"}) {
    attempt([&] { file.children(path); });
    for (const char* attribute : {"mlrun_format", "mlrun_format_version", "best", "axes"}) {
      attempt([&] { file.has_attribute(path, attribute); });
      attempt([&] { file.integer_attribute(path, attribute); });
      attempt([&] { file.real_attribute(path, attribute); });
      attempt([&] { file.text_attribute(path, attribute); });
      attempt([&] { file.texts_attribute(path, attribute); });
    }
  }
}

}  // namespace mlrun::fuzz
