/* A stand-in for the instrument library: every function writes down what it received, and fills what it is to fill.
 *
 * Each function has the C signature of the library's header. Pointers that are written get numbers counted up from
 * 1000, ints as they are and doubles with .5 added; text buffers get "text" and arrays as many numbers as fit. */
#include <stdio.h>
#include <string.h>

static char notes[1 << 16];
static size_t used;
static int result;
static int next_number = 1000;

static void add(const char *format, const char *text, double number, int whole)
{
    if (text)
        used += snprintf(notes + used, sizeof notes - used, format, text);
    else if (whole)
        used += snprintf(notes + used, sizeof notes - used, format, (int)number);
    else
        used += snprintf(notes + used, sizeof notes - used, format, number);
}
static void begin(const char *name) { used = 0; next_number = 1000; add("%s", name, 0, 0); }
static void i(int value) { add(" i%d", 0, value, 1); }
static void d(double value) { add(" d%.17g", 0, value, 0); }
static void s(const char *value) { add(" s%s", value, 0, 0); }
static void a(const double *values, int size) { add(" a%d", 0, size, 1); for (int k = 0; k < size; k++) d(values[k]); }
static void S(const char **values, int size) { add(" S%d", 0, size, 1); for (int k = 0; k < size; k++) s(values[k]); }
static void I(int *out) { *out = next_number++; }
static void D(double *out) { *out = next_number++ + 0.5; }
static void n(int *size) { add(" n%d", 0, *size, 1); }
static void t(char *out) { strcpy(out, "text"); }
static void J(int *out, int size) { for (int k = 0; k < size; k++) I(out + k); }
static void E(double *out, int size) { for (int k = 0; k < size; k++) D(out + k); }
static void T(char **out, int size) { for (int k = 0; k < size; k++) t(out[k]); }

const char *recorder_notes(void) { return notes; }
void recorder_result(int code) { result = code; }

#define DO(name, parameters, body) int WGFMU_##name parameters { begin(#name); body return result; }

DO(openSession, (const char *address), s(address);)
DO(closeSession, (void), )
DO(initialize, (void), )
DO(setTimeout, (double timeout), d(timeout);)
DO(doSelfCalibration, (int *r, char *detail, int *size), I(r); n(size); t(detail);)
DO(doSelfTest, (int *r, char *detail, int *size), I(r); n(size); t(detail);)
DO(getChannelIdSize, (int *size), I(size);)
DO(getChannelIds, (int *ids, int *size), n(size); J(ids, *size);)
DO(getErrorSize, (int *size), I(size);)
DO(getError, (char *error, int *size), n(size); t(error);)
int WGFMU_getErrorSummarySize(int *size) { if (result) { *size = 4; return 0; } begin("getErrorSummarySize"); I(size); return 0; }
int WGFMU_getErrorSummary(char *summary, int *size) { if (result) { t(summary); return 0; } begin("getErrorSummary"); n(size); t(summary); return 0; }
DO(treatWarningsAsErrors, (int level), i(level);)
DO(setWarningLevel, (int level), i(level);)
DO(getWarningLevel, (int *level), I(level);)
DO(getWarningSummarySize, (int *size), I(size);)
DO(getWarningSummary, (char *summary, int *size), n(size); t(summary);)
DO(openLogFile, (const char *name), s(name);)
DO(closeLogFile, (void), )
DO(setOperationMode, (int channel, int mode), i(channel); i(mode);)
DO(getOperationMode, (int channel, int *mode), i(channel); I(mode);)
DO(setForceVoltageRange, (int channel, int range), i(channel); i(range);)
DO(getForceVoltageRange, (int channel, int *range), i(channel); I(range);)
DO(setMeasureMode, (int channel, int mode), i(channel); i(mode);)
DO(getMeasureMode, (int channel, int *mode), i(channel); I(mode);)
DO(setMeasureVoltageRange, (int channel, int range), i(channel); i(range);)
DO(getMeasureVoltageRange, (int channel, int *range), i(channel); I(range);)
DO(setMeasureCurrentRange, (int channel, int range), i(channel); i(range);)
DO(getMeasureCurrentRange, (int channel, int *range), i(channel); I(range);)
DO(setForceDelay, (int channel, double delay), i(channel); d(delay);)
DO(getForceDelay, (int channel, double *delay), i(channel); D(delay);)
DO(setMeasureDelay, (int channel, double delay), i(channel); d(delay);)
DO(getMeasureDelay, (int channel, double *delay), i(channel); D(delay);)
DO(setMeasureEnabled, (int channel, int enabled), i(channel); i(enabled);)
DO(isMeasureEnabled, (int channel, int *enabled), i(channel); I(enabled);)
DO(setTriggerOutMode, (int channel, int mode, int polarity), i(channel); i(mode); i(polarity);)
DO(getTriggerOutMode, (int channel, int *mode, int *polarity), i(channel); I(mode); I(polarity);)
DO(connect, (int channel), i(channel);)
DO(disconnect, (int channel), i(channel);)
DO(clear, (void), )
DO(createPattern, (const char *pattern, double start), s(pattern); d(start);)
DO(addVector, (const char *pattern, double dt, double v), s(pattern); d(dt); d(v);)
DO(addVectors, (const char *pattern, double *dts, double *vs, int size), s(pattern); a(dts, size); a(vs, size); i(size);)
DO(setVector, (const char *pattern, double time, double v), s(pattern); d(time); d(v);)
DO(setVectors, (const char *pattern, double *ts, double *vs, int size), s(pattern); a(ts, size); a(vs, size); i(size);)
DO(createMergedPattern, (const char *new, const char *p1, const char *p2, int axis), s(new); s(p1); s(p2); i(axis);)
DO(createMultipliedPattern, (const char *new, const char *p1, double t, double v), s(new); s(p1); d(t); d(v);)
DO(createOffsetPattern, (const char *new, const char *p1, double t, double v), s(new); s(p1); d(t); d(v);)
DO(setMeasureEvent,
   (const char *pattern, const char *event, double time, int points, double interval, double averaging, int raw),
   s(pattern); s(event); d(time); i(points); d(interval); d(averaging); i(raw);)
DO(setRangeEvent, (const char *pattern, const char *event, double time, int range),
   s(pattern); s(event); d(time); i(range);)
DO(setTriggerOutEvent, (const char *pattern, const char *event, double time, double duration),
   s(pattern); s(event); d(time); d(duration);)
DO(addSequence, (int channel, const char *pattern, double loops), i(channel); s(pattern); d(loops);)
DO(addSequences, (int channel, const char **patterns, double *loops, int size),
   i(channel); S(patterns, size); a(loops, size); i(size);)
DO(getPatternForceValueSize, (const char *pattern, int *size), s(pattern); I(size);)
DO(getPatternForceValues, (const char *pattern, int offset, int *size, double *times, double *values),
   s(pattern); i(offset); n(size); E(times, *size); E(values, *size);)
DO(getPatternForceValue, (const char *pattern, int index, double *time, double *value),
   s(pattern); i(index); D(time); D(value);)
DO(getPatternInterpolatedForceValue, (const char *pattern, double time, double *value), s(pattern); d(time); D(value);)
DO(getPatternMeasureTimeSize, (const char *pattern, int *size), s(pattern); I(size);)
DO(getPatternMeasureTimes, (const char *pattern, int offset, int *size, double *times),
   s(pattern); i(offset); n(size); E(times, *size);)
DO(getPatternMeasureTime, (const char *pattern, int index, double *time), s(pattern); i(index); D(time);)
DO(getForceValueSize, (int channel, double *size), i(channel); D(size);)
DO(getForceValues, (int channel, double offset, int *size, double *times, double *values),
   i(channel); d(offset); n(size); E(times, *size); E(values, *size);)
DO(getForceValue, (int channel, double index, double *time, double *value), i(channel); d(index); D(time); D(value);)
DO(getInterpolatedForceValue, (int channel, double time, double *value), i(channel); d(time); D(value);)
DO(getMeasureTimeSize, (int channel, int *size), i(channel); I(size);)
DO(getMeasureTimes, (int channel, int offset, int *size, double *times),
   i(channel); i(offset); n(size); E(times, *size);)
DO(getMeasureTime, (int channel, int index, double *time), i(channel); i(index); D(time);)
DO(getMeasureEventSize, (int channel, int *size), i(channel); I(size);)
DO(getMeasureEvents,
   (int channel, int offset, int *size, char **patterns, char **events, int *cycles, double *loops, int *counts,
    int *offsets, int *sizes),
   i(channel); i(offset); n(size); T(patterns, *size); T(events, *size); J(cycles, *size); E(loops, *size);
   J(counts, *size); J(offsets, *size); J(sizes, *size);)
DO(getMeasureEvent,
   (int channel, int index, char *pattern, char *event, int *cycle, double *loop, int *count, int *offset, int *size),
   i(channel); i(index); t(pattern); t(event); I(cycle); D(loop); I(count); I(offset); I(size);)
DO(getMeasureEventAttribute,
   (int channel, int index, double *time, int *points, double *interval, double *averaging, int *raw),
   i(channel); i(index); D(time); I(points); D(interval); D(averaging); I(raw);)
DO(exportAscii, (const char *name), s(name);)
DO(update, (void), )
DO(updateChannel, (int channel), i(channel);)
DO(execute, (void), )
DO(abort, (void), )
DO(abortChannel, (int channel), i(channel);)
DO(getStatus, (int *status, double *elapsed, double *total), I(status); D(elapsed); D(total);)
DO(getChannelStatus, (int channel, int *status, double *elapsed, double *total),
   i(channel); I(status); D(elapsed); D(total);)
DO(waitUntilCompleted, (void), )
DO(getMeasureValueSize, (int channel, int *measured, int *total), i(channel); I(measured); I(total);)
DO(getMeasureValues, (int channel, int offset, int *size, double *times, double *values),
   i(channel); i(offset); n(size); E(times, *size); E(values, *size);)
DO(getMeasureValue, (int channel, int index, double *time, double *value), i(channel); i(index); D(time); D(value);)
DO(getCompletedMeasureEventSize, (int channel, int *measured, int *total), i(channel); I(measured); I(total);)
DO(isMeasureEventCompleted,
   (int channel, const char *pattern, const char *event, int cycle, double loop, int count, int *completed, int *index,
    int *offset, int *size),
   i(channel); s(pattern); s(event); i(cycle); d(loop); i(count); I(completed); I(index); I(offset); I(size);)
DO(dcforceVoltage, (int channel, double voltage), i(channel); d(voltage);)
DO(dcmeasureValue, (int channel, double *value), i(channel); D(value);)
DO(dcmeasureAveragedValue, (int channel, int count, int interval, double *value),
   i(channel); i(count); i(interval); D(value);)
