#ifndef LANES_H
#define LANES_H
// Choices among the lanes of two registers, an instruction or two each. In C, since the Swift compiler takes a comparison and what it chooses apart into
// lanes: six to ten times as many instructions.

typedef float lanes8 __attribute__((ext_vector_type(8)));
typedef float lanes16 __attribute__((ext_vector_type(16)));
typedef int mask8 __attribute__((ext_vector_type(8)));
typedef int mask16 __attribute__((ext_vector_type(16)));

#define LANES(NAME, TYPE, MASK) \
  /* The larger of each lane; not a number where a is not. */ \
  static inline __attribute__((always_inline)) TYPE NAME##_larger(TYPE a, TYPE b) { return a < b ? b : a; } \
  /* a where the mask is −1, b where it is 0. */ \
  static inline __attribute__((always_inline)) TYPE NAME##_chosen(MASK mask, TYPE a, TYPE b) { return mask < 0 ? a : b; }

LANES(lanes8, lanes8, mask8)
LANES(lanes16, lanes16, mask16)
#undef LANES
#endif
