/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A heater: it serves an interface, and reads the sensor of another process. */
#include "filter.h"
#include "sensor.h"

static uint32_t wanted = 18;
static uint32_t readings;
static uint16_t samples[4];
static char line[] = "? samples";

uint32_t heater_set(uint32_t degrees) {
    uint32_t before = wanted;
    wanted = degrees;
    return before;
}

uint32_t heater_filtered(uint32_t value) { return filter_add(value); }

uint32_t heater_count(void) { return filter_count; }

uint32_t heater_readings(void) { return readings; }

void heater_crash(uintptr_t address) {
    if (address == 0) {
        crossgate_panic(__FILE__, 123);
    }
    *(volatile uint32_t *)address = 1;
}

void heater_main(crossgate_handle sensor, crossgate_handle log, crossgate_notification start,
                 crossgate_signal done) {
    for (;;) {
        crossgate_word results[2] = {0, 0};
        const uint64_t before = crossgate_now();
        crossgate_wait(start);
        CROSSGATE_ASSERT(sensor_set_step(sensor, 4, results) == 0);
        CROSSGATE_ASSERT(results[0] == 0 && results[1] == 4);
        CROSSGATE_ASSERT(sensor_samples(sensor, samples, sizeof samples, results) == 0);
        for (uint32_t index = 0; index < results[0]; index++) {
            readings += samples[index];
        }
        line[0] = (char)('0' + results[0]);
        CROSSGATE_ASSERT(crossgate_log(log, CROSSGATE_DEBUG, line) == 0);
        CROSSGATE_ASSERT(crossgate_log(log, CROSSGATE_WARN, "a constant") == 0);
        CROSSGATE_ASSERT(crossgate_log(log, CROSSGATE_DEBUG + 1, line) != 0);
        crossgate_sleep(10);
        CROSSGATE_ASSERT(crossgate_now() >= before + 10);
        CROSSGATE_ASSERT(crossgate_wait_for(start, 10) == 0);
        (void)crossgate_signal_other(done);
    }
}
