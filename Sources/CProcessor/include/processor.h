#ifndef PROCESSOR_H
#define PROCESSOR_H
// Named here, so that a build folder from before this file existed sees it.
#include "lanes.h"

/// The exit code of a program that this processor cannot run (EX_OSERR), which means nothing else.
#define PROCESSOR_TOO_OLD 71

/// Says that a thread looks again and again for what another thread does.
static inline void processor_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}
#endif
