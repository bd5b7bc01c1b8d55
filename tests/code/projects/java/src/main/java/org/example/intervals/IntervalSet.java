package org.example.intervals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.TreeMap;

/** Whole numbers as disjoint intervals [start, end), which merge where they touch. */
public final class IntervalSet {
    private final TreeMap<Long, Long> ends = new TreeMap<>();

    /** Adds [start, end); an empty interval changes nothing. */
    public void add(long start, long end) {
        check(start, end);
        if (start == end) {
            return;
        }
        Map.Entry<Long, Long> before = ends.floorEntry(start);
        if (before != null && before.getValue() >= start) {
            start = before.getKey();
            end = Math.max(end, before.getValue());
        }
        Map.Entry<Long, Long> next = ends.ceilingEntry(start);
        while (next != null && next.getKey() <= end) {
            end = Math.max(end, next.getValue());
            ends.remove(next.getKey());
            next = ends.higherEntry(start);
        }
        ends.put(start, end);
    }

    /** Takes [start, end) away, which may leave two pieces of an interval. */
    public void remove(long start, long end) {
        check(start, end);
        Map.Entry<Long, Long> before = ends.lowerEntry(start);
        if (before != null && before.getValue() > start) {
            ends.put(before.getKey(), start);
            if (before.getValue() > end) {
                ends.put(end, before.getValue());
            }
        }
        for (Long key : new ArrayList<>(ends.subMap(start, true, end, false).keySet())) {
            long last = ends.remove(key);
            if (last > end) {
                ends.put(end, last);
            }
        }
    }

    public boolean contains(long value) {
        Map.Entry<Long, Long> before = ends.floorEntry(value);
        return before != null && value < before.getValue();
    }

    /** How many numbers there are. */
    public long size() {
        long total = 0;
        for (Map.Entry<Long, Long> entry : ends.entrySet()) {
            total += entry.getValue() - entry.getKey();
        }
        return total;
    }

    /** The n-th number in order, from 0. */
    public long get(long n) {
        if (n < 0) {
            throw new IllegalArgumentException("no number " + n);
        }
        long left = n;
        for (Map.Entry<Long, Long> entry : ends.entrySet()) {
            long length = entry.getValue() - entry.getKey();
            if (left < length) {
                return entry.getKey() + left;
            }
            left -= length;
        }
        throw new NoSuchElementException("only " + size() + " numbers");
    }

    /** What is in [start, end) and not in this set. */
    public List<long[]> gaps(long start, long end) {
        check(start, end);
        List<long[]> found = new ArrayList<>();
        long at = start;
        for (Map.Entry<Long, Long> entry : ends.headMap(end).entrySet()) {
            if (entry.getValue() <= at) {
                continue;
            }
            if (entry.getKey() > at) {
                found.add(new long[] {at, entry.getKey()});
            }
            at = entry.getValue();
        }
        if (at < end) {
            found.add(new long[] {at, end});
        }
        return found;
    }

    /** Reads `1-3,7`, where both ends belong to an interval. */
    public static IntervalSet parse(String text) {
        IntervalSet set = new IntervalSet();
        if (text.isBlank()) {
            return set;
        }
        for (String part : text.split(",", -1)) {
            String[] sides = part.trim().split("-", 2);
            try {
                long first = Long.parseLong(sides[0]);
                long last = sides.length == 2 ? Long.parseLong(sides[1]) : first;
                set.add(first, last + 1);
            } catch (NumberFormatException error) {
                throw new IllegalArgumentException("no interval: " + part, error);
            }
        }
        return set;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (Map.Entry<Long, Long> entry : ends.entrySet()) {
            if (text.length() > 0) {
                text.append(',');
            }
            text.append(entry.getKey());
            if (entry.getValue() - entry.getKey() > 1) {
                text.append('-').append(entry.getValue() - 1);
            }
        }
        return text.toString();
    }

    private static void check(long start, long end) {
        if (start > end) {
            throw new IllegalArgumentException("it ends before it starts");
        }
    }
}
