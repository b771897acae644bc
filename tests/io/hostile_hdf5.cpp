// HDF5 files that mlrun would not have written, made with the library and sealed with the right checksums: the reader
// itself must refuse them.
#include <cstring>
#include <functional>

#include "io/checkpoint_file.hpp"
#include "io/file.hpp"
#include "io/files.hpp"
#include "io/hdf5/library.hpp"
#include "io/hdf5/writer.hpp"

using namespace mlrun;
using namespace mlrun::io;
using namespace mlrun::test;

namespace {

const hsize_t kEight = 8;

// The refusal of a sealed file that `fill` made.
std::string refusal(const std::function<void(hid_t file)>& fill) {
  const TemporaryDirectory directory;
  const std::string plain = (directory / "plain.h5"), sealed = (directory / "sealed.h5");
  {
    const Hdf5Session session;
    const Hdf5Handle file(H5Fcreate(plain.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose);
    REQUIRE(file.valid());
    fill(file.id());
  }
  const Bytes bytes = seal(read_file(plain, 1 << 24, ExitCode::kInternal));
  write_atomically(sealed, bytes.span());
  REQUIRE(verify_checkpoint(sealed));
  const std::string message = message_of(ExitCode::kCheckpoint, [&] { open_checkpoint(sealed); });
  CHECK_THAT(message, Catch::StartsWith(sealed + ": "));
  return message;
}

void make_dataset(hid_t file, const char* name, hid_t type, hsize_t count, hid_t creation) {
  const Hdf5Handle space(H5Screate_simple(1, &count, nullptr), H5Sclose);
  const Hdf5Handle set(H5Dcreate2(file, name, type, space.id(), H5P_DEFAULT, creation, H5P_DEFAULT), H5Dclose);
  REQUIRE(set.valid());
}

// A sealed file whose superblock or data were changed by hand before sealing.
std::string refusal_of_bytes(Bytes image) {
  const TemporaryDirectory directory;
  const std::string path = (directory / "sealed.h5");
  write_atomically(path, seal(std::move(image)).span());
  return message_of(ExitCode::kCheckpoint, [&] { open_checkpoint(path); });
}

}  // namespace

TEST_CASE("links other than hard links are refused") {
  CHECK_THAT(refusal([](hid_t f) { H5Lcreate_soft("/etc", f, "s", H5P_DEFAULT, H5P_DEFAULT); }),
             Catch::Contains("/s is a soft link"));
  CHECK_THAT(refusal([](hid_t f) { H5Lcreate_external("/etc/passwd", "/x", f, "e", H5P_DEFAULT, H5P_DEFAULT); }),
             Catch::Contains("/e is an external link"));
  CHECK_THAT(refusal([](hid_t f) {
               H5L_class_t own = {};
               own.version = H5L_LINK_CLASS_T_VERS;
               own.id = static_cast<H5L_type_t>(H5L_TYPE_UD_MIN + 90);
               own.trav_func = [](const char*, hid_t, const void*, size_t, hid_t, hid_t) -> hid_t { return -1; };
               REQUIRE(H5Lregister(&own) >= 0);
               REQUIRE(H5Lcreate_ud(f, "u", own.id, "x", 1, H5P_DEFAULT, H5P_DEFAULT) >= 0);
               H5Lunregister(own.id);
             }),
             Catch::Contains("/u is a user-defined link"));
}

TEST_CASE("a group that contains itself, and an object with two names, are refused") {
  CHECK_THAT(refusal([](hid_t f) {
               const Hdf5Handle group(H5Gcreate2(f, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
               H5Lcreate_hard(f, "/", group.id(), "up", H5P_DEFAULT, H5P_DEFAULT);
             }),
             Catch::Contains("/g/up is a second link"));
  CHECK_THAT(refusal([](hid_t f) {
               make_dataset(f, "a", H5T_IEEE_F32LE, 8, H5P_DEFAULT);
               const Hdf5Handle set(H5Dopen2(f, "a", H5P_DEFAULT), H5Dclose);
               const float values[8] = {};
               REQUIRE(H5Dwrite(set.id(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
               H5Lcreate_hard(f, "a", f, "b", H5P_DEFAULT, H5P_DEFAULT);
             }),
             Catch::Contains("/b is a second link"));
}

TEST_CASE("groups nested too deep are refused") {
  CHECK_THAT(refusal([](hid_t f) {
               std::string path;
               for (int i = 0; i < 40; ++i) {
                 path += "/g";
                 const Hdf5Handle group(H5Gcreate2(f, path.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
               }
             }),
             Catch::Contains("deeper than 32"));
}

TEST_CASE("data in other files are refused: external storage and virtual datasets") {
  CHECK_THAT(refusal([](hid_t f) {
               const Hdf5Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
               H5Pset_external(creation.id(), "/etc/passwd", 0, 32);
               make_dataset(f, "x", H5T_IEEE_F32LE, 8, creation.id());
             }),
             Catch::Contains("/x keeps its data in another file"));
  CHECK_THAT(refusal([](hid_t f) {
               const Hdf5Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
               const Hdf5Handle space(H5Screate_simple(1, &kEight, nullptr), H5Sclose);
               REQUIRE(H5Pset_virtual(creation.id(), space.id(), "/tmp/other.h5", "/x", space.id()) >= 0);
               make_dataset(f, "v", H5T_IEEE_F32LE, 8, creation.id());
             }),
             Catch::Contains("/v is a virtual dataset"));
}

TEST_CASE("chunks and filters are refused, known and unknown") {
  const auto chunked = [](const std::function<void(hid_t)>& add) {
    return refusal([&](hid_t f) {
      const Hdf5Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
      H5Pset_chunk(creation.id(), 1, &kEight);
      add(creation.id());
      make_dataset(f, "c", H5T_IEEE_F32LE, 8, creation.id());
    });
  };
  CHECK_THAT(chunked([](hid_t) {}), Catch::Contains("/c is stored in chunks"));
  CHECK_THAT(chunked([](hid_t c) { H5Pset_deflate(c, 9); }), Catch::Contains("/c is stored in chunks"));
  CHECK_THAT(chunked([](hid_t c) { H5Pset_filter(c, 32768, H5Z_FLAG_OPTIONAL, 0, nullptr); }),
             Catch::Contains("/c is stored in chunks"));
}

TEST_CASE("values of variable length and of types other than numbers and text are refused") {
  CHECK_THAT(refusal([](hid_t f) {
               const Hdf5Handle type(H5Tvlen_create(H5T_NATIVE_INT), H5Tclose);
               make_dataset(f, "v", type.id(), 8, H5P_DEFAULT);
             }),
             Catch::Contains("/v holds values of variable length"));
  CHECK_THAT(refusal([](hid_t f) {
               const Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
               H5Tset_size(type.id(), H5T_VARIABLE);
               make_dataset(f, "v", type.id(), 8, H5P_DEFAULT);
             }),
             Catch::Contains("/v holds text of variable length"));
  CHECK_THAT(refusal([](hid_t f) {
               const Hdf5Handle type(H5Tcreate(H5T_COMPOUND, 8), H5Tclose);
               H5Tinsert(type.id(), "a", 0, H5T_NATIVE_DOUBLE);
               make_dataset(f, "v", type.id(), 8, H5P_DEFAULT);
             }),
             Catch::Contains("other than integers"));
  CHECK_THAT(refusal([](hid_t f) { make_dataset(f, "v", H5T_STD_REF_OBJ, 8, H5P_DEFAULT); }),
             Catch::Contains("other than integers"));
  CHECK_THAT(refusal([](hid_t f) {
               const Hdf5Handle type(H5Tcopy(H5T_NATIVE_INT), H5Tclose);
               H5Tcommit2(f, "t", type.id(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
             }),
             Catch::Contains("/t is neither a group nor a dataset"));
}

TEST_CASE("declared sizes beyond the file are refused before anything is allocated") {
  // Never written, so the file stays small whatever it declares.
  for (const hsize_t count : {hsize_t{1} << 20, hsize_t{1} << 40, hsize_t{1} << 58}) {
    CHECK_THAT(refusal([&](hid_t f) { make_dataset(f, "h", H5T_IEEE_F32LE, count, H5P_DEFAULT); }),
               Catch::Contains("/h claims") && Catch::Contains("bytes in a file of"));
  }
  CHECK_THAT(refusal([](hid_t f) { make_dataset(f, "h", H5T_IEEE_F32LE, 8, H5P_DEFAULT); }),
             Catch::Contains("/h stores fewer bytes") || Catch::Contains("past the end"));
}

TEST_CASE("an attribute of variable length is refused when it is asked for") {
  const TemporaryDirectory directory;
  {
    const Hdf5Session session;
    const Hdf5Handle file(H5Fcreate((directory / "x.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose);
    const Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose), space(H5Screate(H5S_SCALAR), H5Sclose);
    H5Tset_size(type.id(), H5T_VARIABLE);
    const Hdf5Handle attribute(H5Acreate2(file.id(), "a", type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    const char* value = "text";
    REQUIRE(H5Awrite(attribute.id(), type.id(), &value) >= 0);
  }
  const Hdf5Reader reader = open_hdf5((directory / "x.h5"), 1 << 20, ExitCode::kData);
  CHECK_THAT(message_of(ExitCode::kData, [&] { reader.text_attribute("/", "a"); }), Catch::Contains("variable length"));
}

TEST_CASE("an HDF5 image cut before it was sealed is refused by the reader") {
  Hdf5Writer writer;
  writer.dataset("a/b", Tensor::zeros({1000}));
  const Bytes whole = writer.finish();
  for (size_t n = 8; n < whole.size(); n += 97) {
    Bytes cut(n);
    std::memcpy(cut.data(), whole.data(), n);
    CHECK_FALSE(refusal_of_bytes(std::move(cut)).empty());
  }
}
