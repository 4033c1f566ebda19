/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The functions for a process that is written in C: those of the Rust crate `crossgate-c`. */
#ifndef CROSSGATE_H
#define CROSSGATE_H

#include <stdint.h>

/* A word of a call. On a 64-bit host it holds an address, and numbers of 32 bits. */
typedef uintptr_t crossgate_word;

/* A service that this process may call: `Handle<dyn Interface>` in Rust. */
typedef uint32_t crossgate_handle;

/* A notification of this process: `Notification` in Rust. */
typedef struct {
    uint8_t index;
    uint8_t number;
} crossgate_notification;

/* A notification of another process: `Signal` in Rust. */
typedef struct {
    uint8_t index;
} crossgate_signal;

/* 0, or why a call did not take place or did not come back: the number of a `CallError`. */
typedef uint32_t crossgate_status;

/* The kinds of words, four bits for each, the first word lowest. */
#define CROSSGATE_READ 1u
#define CROSSGATE_WRITE 2u
#define CROSSGATE_HANDLE 4u

/* Calls a method with `count` words of these kinds. The headers of interfaces have a function for each method. */
crossgate_status crossgate_call(crossgate_handle service, uint32_t method, const crossgate_word *arguments,
                                uint32_t count, uint32_t kinds, crossgate_word results[2]);

/* Signals a notification of another process; fails if the wiring does not allow it. */
crossgate_status crossgate_signal_other(crossgate_signal signal);
/* Signals a notification of this process. */
void crossgate_signal_own(crossgate_notification notification);
/* Waits for a signal. */
void crossgate_wait(crossgate_notification notification);
/* Waits for a signal for at most so many microseconds. Returns 1 if one came, and 0 if the time was over. */
int crossgate_wait_for(crossgate_notification notification, uint64_t microseconds);
/* Unmasks the interrupts that are bound to the notification. */
void crossgate_acknowledge(crossgate_notification notification);

/* How urgent a line of the log is. */
#define CROSSGATE_ERROR 0u
#define CROSSGATE_WARN 1u
#define CROSSGATE_INFO 2u
#define CROSSGATE_DEBUG 3u

/* Writes a line of this urgency to a log (`Handle<dyn Log>` in Rust): a text of one line, of which the log takes the
   first 128 bytes. Returns 0, also if the log takes no lines of this urgency, or why the call did not take place. */
crossgate_status crossgate_log(crossgate_handle log, uint32_t level, const char *text);

/* Microseconds since start. */
uint64_t crossgate_now(void);
/* Sleeps for so many microseconds. */
void crossgate_sleep(uint64_t microseconds);
/* Lets the other threads of the same priority run first. */
void crossgate_yield(void);
/* Ends the thread. */
__attribute__((noreturn)) void crossgate_exit(void);
/* A fault of this process, as a panic of Rust code is, at this line of this file. */
__attribute__((noreturn)) void crossgate_panic(const char *file, uint32_t line);

/* A fault of this process unless the condition holds. */
#define CROSSGATE_ASSERT(condition) ((condition) ? (void)0 : crossgate_panic(__FILE__, __LINE__))

#endif
