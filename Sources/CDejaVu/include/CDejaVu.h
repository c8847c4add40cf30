#include <stddef.h>

/// The file DejaVuSans.ttf (version 2.37): where it lies in this program, and how many bytes it has.
const unsigned char *dejavu_sans(size_t *size);

/// The file DejaVuSans-Bold.ttf.
const unsigned char *dejavu_sans_bold(size_t *size);
