// HDF5 files of numbers as others write them, made with the library's own calls, and what a table is read as.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "io/files.hpp"
#include "io/hdf5/library.hpp"
#include "io/hdf5/numbers.hpp"

namespace mlrun::test {

using io::Hdf5Handle;
using io::Hdf5Session;

struct Numbers {
  Shape shape;
  std::vector<double> values;
};

inline Numbers read(const std::string& file, const std::string& dataset) {
  Numbers found;
  io::read_hdf5_numbers(file, dataset, 1 << 28,
                        {.shape = [&](const Shape& shape) { found.shape = shape; },
                         .values =
                             [&](std::span<const double> values) {
                               found.values.insert(found.values.end(), values.begin(), values.end());
                             }});
  return found;
}

// A file in a folder of its own that `fill` filled.
class Made {
 public:
  explicit Made(const std::function<void(hid_t file)>& fill, bool latest = false) {
    const Hdf5Session session;
    const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    if (latest) H5Pset_libver_bounds(access.id(), H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    const Hdf5Handle file(H5Fcreate(path().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.id()), H5Fclose);
    REQUIRE(file.valid());
    fill(file.id());
  }
  std::string path() const { return directory_ / "x.h5"; }
  Numbers operator[](const std::string& dataset) const { return read(path(), dataset); }
  std::string refusal(const std::string& dataset) const {
    const std::string message = message_of(ExitCode::kData, [&] { read(path(), dataset); });
    CHECK_THAT(message, Catch::StartsWith(path() + ":" + dataset + ": "));
    return message;
  }

 private:
  TemporaryDirectory directory_;
};

struct Creation {
  Creation() : list(H5Pcreate(H5P_DATASET_CREATE), H5Pclose) {}
  Creation& chunks(std::vector<hsize_t> shape) {
    H5Pset_chunk(list.id(), static_cast<int>(shape.size()), shape.data());
    return *this;
  }
  Creation& packed() {
    H5Pset_shuffle(list.id());
    H5Pset_deflate(list.id(), 6);
    H5Pset_fletcher32(list.id());
    return *this;
  }
  Hdf5Handle list;
};

// [rows, columns] of 0, 1, 2 ... modulo `most`, written from doubles.
inline void put_counted(hid_t file, const char* name, hid_t type, hsize_t rows, hsize_t columns, int most,
                        hid_t creation = H5P_DEFAULT, bool growing = false) {
  const hsize_t shape[] = {rows, columns}, most_shape[] = {H5S_UNLIMITED, columns};
  const Hdf5Handle space(H5Screate_simple(2, shape, growing ? most_shape : nullptr), H5Sclose);
  const Hdf5Handle set(H5Dcreate2(file, name, type, space.id(), H5P_DEFAULT, creation, H5P_DEFAULT), H5Dclose);
  REQUIRE(set.valid());
  std::vector<double> values(rows * columns);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i % static_cast<size_t>(most));
  REQUIRE(H5Dwrite(set.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0);
}

inline void check_counted(const Numbers& found, int64_t rows, int64_t columns, int most) {
  REQUIRE(found.shape == Shape{rows, columns});
  REQUIRE(found.values.size() == static_cast<size_t>(rows * columns));
  size_t wrong = 0;
  for (size_t i = 0; i < found.values.size(); ++i) {
    wrong += found.values[i] != static_cast<double>(i % static_cast<size_t>(most));
  }
  CHECK(wrong == 0);
}

inline void put_raw(hid_t file, const char* name, hid_t type, hsize_t count, const void* values) {
  const Hdf5Handle space(H5Screate_simple(1, &count, nullptr), H5Sclose);
  const Hdf5Handle set(H5Dcreate2(file, name, type, space.id(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Dclose);
  REQUIRE(set.valid());
  REQUIRE(H5Dwrite(set.id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
}

}  // namespace mlrun::test
