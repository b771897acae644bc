#include "io/hdf5/datatype.hpp"

#include <bit>
#include <limits>

namespace mlrun::io {
namespace {

constexpr int kMostNesting = 16;
constexpr uint64_t kMostRank = 32;

enum Class : uint64_t {
  kInteger,
  kFloat,
  kTime,
  kText,
  kBits,
  kOpaque,
  kCompound,
  kReference,
  kEnumeration,
  kVariable,
  kArray
};

struct Type {
  uint64_t kind = 0;
  uint64_t bytes = 0;
};

uint64_t times(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<uint64_t>::max() : product;
}

// Offset and precision, in bits.
uint64_t check_bits(Hdf5Cursor& cursor, uint64_t bytes) {
  const uint64_t offset = cursor.number_in(2, "a bit offset", 0, 8 * bytes - 1);
  return cursor.number_in(2, "a precision", 1, 8 * bytes - offset);
}

void check_float(Hdf5Cursor& cursor, uint64_t bytes, uint64_t sign) {
  const uint64_t precision = check_bits(cursor, bytes);
  if (sign >= precision) cursor.refuse(fmt::format("the sign in bit {}", sign), fmt::format("below {}", precision));
  for (const char* field : {"an exponent", "a mantissa"}) {
    const uint64_t at = cursor.number_in(1, field, 0, precision - 1);
    cursor.number_in(1, field, 1, precision - at);
  }
  cursor.number(4, "an exponent bias");
}

// Versions 1 and 2 fill a name up to a multiple of 8 bytes, its end included.
void check_name(Hdf5Cursor& cursor, uint64_t version) {
  const uint64_t length = cursor.terminated("a member's name").size();
  if (length == 0) cursor.refuse("a member without a name", "one");
  if (version < 3) cursor.skip((length + 8) / 8 * 8 - (length + 1), "a member's name");
}

Type check_type(Hdf5Cursor& cursor, int nesting);

void check_compound(Hdf5Cursor& cursor, uint64_t version, uint64_t members, uint64_t bytes, int nesting) {
  const size_t offset_width = version < 3 ? 4 : static_cast<size_t>(std::bit_width(bytes) + 7) / 8;
  for (uint64_t i = 0; i < members; ++i) {
    check_name(cursor, version);
    const uint64_t offset = cursor.number_in(offset_width, "a member's offset", 0, bytes - 1);
    uint64_t count = 1;
    if (version == 1) {
      const uint64_t rank = cursor.number_in(1, "a member's rank", 0, 4);
      cursor.skip(11, "a member's order of dimensions");
      for (uint64_t d = 0; d < 4; ++d) {
        const uint64_t extent = cursor.number(4, "a member's extent");
        if (d < rank) count = times(count, extent);
      }
    }
    const uint64_t size = times(count, check_type(cursor, nesting + 1).bytes);
    if (size > bytes - offset) {
      cursor.refuse(fmt::format("a member of {} bytes at {}", size, offset), fmt::format("it inside {} bytes", bytes));
    }
  }
}

void check_enumeration(Hdf5Cursor& cursor, uint64_t version, uint64_t members, uint64_t bytes, int nesting) {
  const Type base = check_type(cursor, nesting + 1);
  if (base.kind != kInteger || base.bytes != bytes) {
    cursor.refuse(fmt::format("an enumeration over a type of class {} and {} bytes", base.kind, base.bytes),
                  fmt::format("an integer of {} bytes", bytes));
  }
  for (uint64_t i = 0; i < members; ++i) check_name(cursor, version);
  cursor.skip(times(members, bytes), "an enumeration's values");
}

void check_array(Hdf5Cursor& cursor, uint64_t version, uint64_t bytes, int nesting) {
  const uint64_t rank = cursor.number_in(1, "an array's rank", 1, kMostRank);
  if (version < 3) cursor.skip(3, "an array's rank");
  uint64_t count = 1;
  for (uint64_t d = 0; d < rank; ++d) count = times(count, cursor.number(4, "an array's extent"));
  if (version < 3) cursor.skip(4 * rank, "an array's order of dimensions");
  const uint64_t found = times(count, check_type(cursor, nesting + 1).bytes);
  if (found != bytes) cursor.refuse(fmt::format("an array of {} bytes", found), fmt::format("{}", bytes));
}

Type check_type(Hdf5Cursor& cursor, int nesting) {
  if (nesting > kMostNesting) cursor.refuse("types nested deeper", fmt::format("at most {} levels", kMostNesting));
  const Hdf5Cursor start = cursor;
  const uint64_t head = cursor.number(1, "a type"), kind = head & 15, version = head >> 4;
  // Version 4 (HDF5 1.12) changed references alone, and what it added to them is refused below.
  if (version < 1 || version > 4) start.refuse(fmt::format("a type of version {}", version), "1 .. 4");
  const uint64_t bits = cursor.number(3, "a type's flags"), members = bits & 0xffff;
  const uint64_t bytes = cursor.number_in(4, "a value's size", 1, std::numeric_limits<uint32_t>::max());
  switch (kind) {
    case kInteger:
    case kBits:
      check_bits(cursor, bytes);
      break;
    case kFloat:
      check_float(cursor, bytes, (bits >> 8) & 0xff);
      break;
    case kTime:
      cursor.skip(2, "a precision");
      break;
    case kText:
      if ((bits & 15) > 2 || ((bits >> 4) & 15) > 1) {
        start.refuse(fmt::format("text with flags {:#x}", bits), "a padding 0 .. 2 and a character set 0 or 1");
      }
      break;
    case kOpaque:
      cursor.skip(bits & 0xff, "a type's tag");
      break;
    case kCompound:
      if (members == 0) start.refuse("a compound type without members", "one or more");
      check_compound(cursor, version, members, bytes, nesting);
      break;
    case kReference:
      if ((bits & 15) > 1) start.refuse(fmt::format("a reference of kind {}", bits & 15), "0 or 1");
      break;
    case kEnumeration:
      check_enumeration(cursor, version, members, bytes, nesting);
      break;
    case kVariable:
      if ((bits & 15) > 1) start.refuse(fmt::format("a variable length of kind {}", bits & 15), "0 or 1");
      check_type(cursor, nesting + 1);
      break;
    case kArray:
      if (version < 2) start.refuse("an array type of version 1", "2 .. 4");
      check_array(cursor, version, bytes, nesting);
      break;
    default:
      start.refuse(fmt::format("a type of class {}", kind), "0 .. 10");
  }
  return {kind, bytes};
}

}  // namespace

uint64_t check_hdf5_datatype(Hdf5Cursor& cursor) { return check_type(cursor, 0).bytes; }

uint64_t check_hdf5_dataspace(Hdf5Cursor& cursor) {
  const uint64_t version = cursor.number_in(1, "a shape's version", 1, 2);
  const uint64_t rank = cursor.number_in(1, "a rank", 0, kMostRank);
  const uint64_t flags = cursor.number_in(1, "a shape's flags", 0, 1);
  constexpr uint64_t kSimple = 1, kNull = 2;
  uint64_t kind = rank > 0 ? kSimple : 0;
  if (version == 1) cursor.skip(5, "a shape");
  else kind = cursor.number_in(1, "a kind of shape", rank > 0 ? kSimple : 0, rank > 0 ? kSimple : kNull);
  uint64_t count = kind == kNull ? 0 : 1;
  for (uint64_t d = 0; d < rank; ++d) count = times(count, cursor.number(8, "an extent"));
  if ((flags & 1) != 0) cursor.skip(8 * rank, "the largest extents");
  return count;
}

}  // namespace mlrun::io
