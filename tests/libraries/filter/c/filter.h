/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A library like those of vendors: it keeps its state in statics. */
#include <stdint.h>

/* Returns the mean of the last values, including this one. */
uint32_t filter_add(uint32_t value);
/* The number of values so far. C calls such a variable common: it is in no section. */
extern uint32_t filter_count;
uint32_t filter_counted(void);
