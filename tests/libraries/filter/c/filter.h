/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A library as vendors have it: it keeps its state in statics. */
#include <stdint.h>

/* The mean of the last values, with this one. */
uint32_t filter_add(uint32_t value);
/* How many values there were. Of the kind that C calls common: it is in no section. */
extern uint32_t filter_count;
uint32_t filter_counted(void);
