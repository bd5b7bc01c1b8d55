package org.example.intervals;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IntervalSetTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "1-3 | 5 | 7 | 1-3,5-6",
        "1-3 | 4 | 6 | 1-5",
        "1-3 | 2 | 3 | 1-3",
        "1-3,7-9 | 3 | 8 | 1-9",
        "1-3,5,7-9 | 0 | 20 | 0-19",
        "1-3 | 5 | 5 | 1-3",
    })
    void adding(String before, long start, long end, String after) {
        IntervalSet set = IntervalSet.parse(before);
        set.add(start, end);
        assertEquals(after, set.toString());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "1-9 | 4 | 6 | 1-3,6-9",
        "1-9 | 0 | 4 | 4-9",
        "1-9 | 8 | 20 | 1-7",
        "1-3,5,7-9 | 3 | 8 | 1-2,8-9",
        "1-3 | 1 | 4 | ''",
    })
    void removing(String before, long start, long end, String after) {
        IntervalSet set = IntervalSet.parse(before);
        set.remove(start, end);
        assertEquals(after, set.toString());
    }

    @Test
    void endsAreOutside() {
        IntervalSet set = new IntervalSet();
        set.add(2, 4);
        assertFalse(set.contains(1));
        assertTrue(set.contains(2));
        assertTrue(set.contains(3));
        assertFalse(set.contains(4));
    }

    @Test
    void countsAndFinds() {
        IntervalSet set = IntervalSet.parse("1-3, 10-11");
        assertEquals(5, set.size());
        assertEquals(1, set.get(0));
        assertEquals(10, set.get(3));
        assertThrows(NoSuchElementException.class, () -> set.get(5));
        assertThrows(IllegalArgumentException.class, () -> set.get(-1));
    }

    @Test
    void gapsAreWhatIsMissing() {
        IntervalSet set = IntervalSet.parse("1-3,6-7,20");
        assertArrayEquals(
            new long[][] {{0, 1}, {4, 6}, {8, 10}}, set.gaps(0, 10).toArray(new long[0][]));
        assertArrayEquals(new long[][] {{4, 5}}, set.gaps(2, 5).toArray(new long[0][]));
        assertEquals(0, set.gaps(1, 4).size());
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "1-", "1,,2", "3-1"})
    void refusesWhatIsNoInterval(String text) {
        assertThrows(IllegalArgumentException.class, () -> IntervalSet.parse(text));
    }

    @Test
    void nothingIsEmpty() {
        assertEquals("", IntervalSet.parse("  ").toString());
        assertEquals(0, new IntervalSet().size());
    }
}
