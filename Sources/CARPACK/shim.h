#include <arpack.h>
