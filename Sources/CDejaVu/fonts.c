#include "CDejaVu.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

// The fonts are part of the programs that draw: there is no file to look for, and a program's digest, which is in the action key of
// every picture, counts them.
static const unsigned char sans[] = {
#embed "DejaVuSans.ttf"
};
static const unsigned char sans_bold[] = {
#embed "DejaVuSans-Bold.ttf"
};

const unsigned char *dejavu_sans(size_t *size) {
  *size = sizeof sans;
  return sans;
}

const unsigned char *dejavu_sans_bold(size_t *size) {
  *size = sizeof sans_bold;
  return sans_bold;
}
