#ifndef PROCESSOR_H
#define PROCESSOR_H
/// The exit code of a program that this processor cannot run (EX_UNAVAILABLE).
#define PROCESSOR_TOO_OLD 69
#endif
