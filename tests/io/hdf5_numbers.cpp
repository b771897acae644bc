#include "io/hdf5/numbers.hpp"

#include <cmath>
#include <cstring>
#include <random>
#include <utility>
#include <vector>

#include "fuzz/forged.hpp"
#include "io/hdf5_files.hpp"

using namespace mlrun;
using namespace mlrun::io;
using namespace mlrun::test;

namespace {

Hdf5Handle boolean() {  // h5py's
  Hdf5Handle type(H5Tenum_create(H5T_STD_I8LE), H5Tclose);
  int8_t value = 0;
  H5Tenum_insert(type.id(), "FALSE", &value);
  value = 1;
  H5Tenum_insert(type.id(), "TRUE", &value);
  return type;
}

Hdf5Handle half(H5T_order_t order) {
  Hdf5Handle type(H5Tcopy(H5T_IEEE_F32LE), H5Tclose);
  H5Tset_fields(type.id(), 15, 10, 5, 0, 10);
  H5Tset_size(type.id(), 2);
  H5Tset_ebias(type.id(), 15);
  H5Tset_order(type.id(), order);
  return type;
}

}  // namespace

TEST_CASE("HDF5 numbers of every type and byte order are read") {
  const std::vector<hid_t> types = [] {
    const Hdf5Session session;
    return std::vector<hid_t>{H5T_STD_U8LE,   H5T_STD_I8LE,   H5T_STD_U16LE, H5T_STD_U16BE, H5T_STD_I16BE,
                              H5T_STD_U32LE,  H5T_STD_I32BE,  H5T_STD_I64LE, H5T_STD_U64BE, H5T_IEEE_F32LE,
                              H5T_IEEE_F32BE, H5T_IEEE_F64LE, H5T_IEEE_F64BE};
  }();
  const Made file([&](hid_t f) {
    for (size_t i = 0; i < types.size(); ++i) {
      put_counted(f, ("t" + std::to_string(i)).c_str(), types[i], 7, 5, 100);
    }
  });
  for (size_t i = 0; i < types.size(); ++i) check_counted(file["/t" + std::to_string(i)], 7, 5, 100);
}

TEST_CASE("h5py's bool, PyTables' bool and both orders of 16-bit floats are read") {
  const Made file([](hid_t f) {
    const Hdf5Handle flag = boolean(), little = half(H5T_ORDER_LE), big = half(H5T_ORDER_BE);
    const int8_t flags[] = {1, 0, 0, 1};
    put_raw(f, "bool", flag.id(), 4, flags);
    put_raw(f, "bits", H5T_STD_B8LE, 4, flags);
    const unsigned char halves[] = {0x00, 0x3c, 0x00, 0xc1, 0xff, 0x7b, 0x01, 0x00};  // 1, -2.5, 65504, 2^-24
    put_raw(f, "little", little.id(), 4, halves);
    unsigned char turned[8];
    for (size_t i = 0; i < 8; ++i) turned[i] = halves[i ^ 1];
    put_raw(f, "big", big.id(), 4, turned);
    const Hdf5Handle wide(H5Tenum_create(H5T_STD_I32BE), H5Tclose);
    const int32_t value = 0x01000000, other = 0x02000000;  // 1 and 2 in the file's order
    H5Tenum_insert(wide.id(), "one", &value);
    H5Tenum_insert(wide.id(), "two", &other);
    const int32_t words[] = {other, value, other, other};
    put_raw(f, "wide", wide.id(), 4, words);
  });
  CHECK(file["/bool"].values == std::vector<double>{1, 0, 0, 1});
  CHECK(file["/bits"].values == std::vector<double>{1, 0, 0, 1});
  CHECK(file["/wide"].values == std::vector<double>{2, 1, 2, 2});
  for (const char* name : {"/little", "/big"}) {
    CHECK(file[name].values == std::vector<double>{1, -2.5, 65504, std::ldexp(1.0, -24)});
  }
}

TEST_CASE("chunked and packed HDF5 data are read in the oldest and in the newest format") {
  for (const bool latest : {false, true}) {
    const Made file(
        [](hid_t f) {
          put_counted(f, "chunks", H5T_STD_U8LE, 60, 6, 251, Creation().chunks({16, 4}).list.id());
          put_counted(f, "packed", H5T_STD_U8LE, 60, 6, 251, Creation().chunks({16, 4}).packed().list.id());
          put_counted(f, "single", H5T_STD_I32LE, 60, 6, 251, Creation().chunks({60, 6}).packed().list.id());
          put_counted(f, "grown", H5T_STD_I32LE, 60, 6, 251, Creation().chunks({7, 6}).list.id(), true);
          put_counted(f, "grown_packed", H5T_STD_I32LE, 60, 6, 251, Creation().chunks({7, 6}).packed().list.id(), true);
          // Several blocks of several chunks each, and a last one that is not full.
          put_counted(f, "large", H5T_STD_U8LE, 9001, 1000, 251, Creation().chunks({37, 300}).packed().list.id());
          put_counted(f, "plain", H5T_STD_U8LE, 9001, 1000, 251);
          for (int i = 0; i < 40; ++i) put_counted(f, ("n" + std::to_string(i)).c_str(), H5T_STD_U8LE, 1, 1, 2);
        },
        latest);
    for (const char* name : {"/chunks", "/packed", "/single", "/grown", "/grown_packed"}) {
      INFO(name << (latest ? ", latest" : ""));
      check_counted(file[name], 60, 6, 251);
    }
    check_counted(file["/large"], 9001, 1000, 251);
    check_counted(file["/plain"], 9001, 1000, 251);
    check_counted(file["n39"], 1, 1, 2);
  }
}

TEST_CASE("links inside an HDF5 file are followed, and odd neighbours hide nothing") {
  const Made file([](hid_t f) {
    const Hdf5Handle group(H5Gcreate2(f, "a b", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
    put_counted(f, "a b/x", H5T_STD_U8LE, 4, 2, 5);
    H5Lcreate_soft("/a b/x", f, "soft", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("a b", f, "folder", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_hard(f, "a b/x", f, "hard", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/nothing", f, "dangling", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/loop", f, "loop", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("other.h5", "/x", f, "external", H5P_DEFAULT, H5P_DEFAULT);
    const Hdf5Handle text(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(text.id(), H5T_VARIABLE);
    const char* words[] = {"a", "b"};
    put_raw(f, "text", text.id(), 2, words);
    struct Record {
      int a;
      double b;
    };
    const Hdf5Handle record(H5Tcreate(H5T_COMPOUND, sizeof(Record)), H5Tclose);
    H5Tinsert(record.id(), "a", HOFFSET(Record, a), H5T_NATIVE_INT);
    H5Tinsert(record.id(), "b", HOFFSET(Record, b), H5T_NATIVE_DOUBLE);
    const Record records[] = {{1, 2}, {3, 4}};
    put_raw(f, "records", record.id(), 2, records);
    const hsize_t none = 0;
    const Hdf5Handle row(H5Tvlen_create(H5T_NATIVE_INT), H5Tclose);
    put_raw(f, "ragged", row.id(), none, nullptr);
    const Hdf5Handle scalar(H5Screate(H5S_SCALAR), H5Sclose);
    const Hdf5Handle one(H5Dcreate2(f, "scalar", H5T_STD_U8LE, scalar.id(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                         H5Dclose);
    const Creation unknown = [] {
      Creation c;
      c.chunks({2, 2});
      H5Pset_filter(c.list.id(), 32000, H5Z_FLAG_OPTIONAL, 0, nullptr);
      return c;
    }();
    put_counted(f, "lzf", H5T_STD_U8LE, 4, 2, 5, unknown.list.id());
    const Creation outside;
    H5Pset_external(outside.list.id(), "/etc/passwd", 0, 8);
    const hsize_t shape[] = {4, 2};
    const Hdf5Handle space(H5Screate_simple(2, shape, nullptr), H5Sclose);
    const Hdf5Handle raw(
        H5Dcreate2(f, "outside", H5T_STD_U8LE, space.id(), H5P_DEFAULT, outside.list.id(), H5P_DEFAULT), H5Dclose);
    const Creation view;
    H5Pset_virtual(view.list.id(), space.id(), "other.h5", "/x", space.id());
    const Hdf5Handle seen(H5Dcreate2(f, "view", H5T_STD_U8LE, space.id(), H5P_DEFAULT, view.list.id(), H5P_DEFAULT),
                          H5Dclose);
    REQUIRE((raw.valid() && seen.valid()));
  });
  for (const char* path : {"/a b/x", "/soft", "/hard", "/folder/x", "a b//x/"}) check_counted(file[path], 4, 2, 5);
  CHECK_THAT(file.refusal("/dangling"), Catch::Contains("a soft link that leads nowhere"));
  CHECK_THAT(file.refusal("/loop"), Catch::Contains("a soft link that leads nowhere"));
  CHECK_THAT(file.refusal("/y"), Catch::Contains("it has no /y; / holds a b, dangling, external"));
  CHECK_THAT(file.refusal("/a b/y"), Catch::Contains("it has no /a b/y; /a b holds x"));
  CHECK_THAT(file.refusal("/a b"), Catch::Contains("it is a group, expected a dataset; it holds x"));
  CHECK_THAT(file.refusal("/soft/x"), Catch::Contains("/soft is a dataset"));
  CHECK_THAT(file.refusal("/text"), Catch::Contains("its values are text"));
  CHECK_THAT(file.refusal("/ragged"), Catch::Contains("rows of different lengths"));
  CHECK_THAT(file.refusal("/scalar"), Catch::Contains("one value"));
  for (const auto& [path, why] : {std::pair("/external", "a link to another file"), std::pair("/lzf", "32000 (lzf)"),
                                  std::pair("/outside", "in another file"), std::pair("/view", "virtual"),
                                  std::pair("/records", "several fields")}) {
    const std::string message = file.refusal(path);
    CHECK_THAT(message, Catch::Contains(why) && Catch::Contains("\n  write it anew   python3 -c 'import h5py, sys"));
    CHECK_THAT(message, Catch::Contains(" " + file.path() + " " + path + " "));
  }
}

TEST_CASE("an HDF5 file with any bytes changed is read or refused, and the program lives") {
  const Made good(
      [](hid_t f) {
        for (int i = 0; i < 12; ++i) put_counted(f, ("n" + std::to_string(i)).c_str(), H5T_STD_U8LE, 1, 1, 2);
        put_counted(f, "x", H5T_STD_U8LE, 60, 6, 251, Creation().chunks({16, 4}).packed().list.id(), true);
      },
      true);
  const Made old([](hid_t f) {
    put_counted(f, "x", H5T_STD_U8LE, 60, 6, 251, Creation().chunks({16, 4}).packed().list.id(), true);
  });
  const TemporaryDirectory directory;
  const std::string path = directory / "x.h5";
  std::mt19937 random(1);
  int refused = 0;
  const auto attempt = [&](const std::string& bytes) {
    put(path, bytes);
    try {
      read(path, "/x");
    } catch (const Error& error) {
      CHECK(error.code() == ExitCode::kData);
      CHECK_THAT(error.what(), Catch::StartsWith(path));
      ++refused;
    }
  };
  for (const std::string& whole : {get(good.path()), get(old.path())}) {
    for (int i = 0; i < 150; ++i) {
      std::string bytes = whole;
      for (int k = 0; k < 3; ++k) bytes[random() % bytes.size()] = static_cast<char>(random());
      attempt(bytes);
    }
    for (size_t size = 0; size < whole.size(); size += whole.size() / 20) attempt(whole.substr(0, size));
  }
  CHECK(refused > 50);
  for (const auto& [name, image] : fuzz::forged_files()) {  // those that make libhdf5 1.10.8 read where nothing is
    INFO(name);
    attempt(std::string(image));
  }
}
