<?php

declare(strict_types=1);

namespace Example\Duration;

use InvalidArgumentException;

/** A span of time in whole seconds, which can be negative. */
final class Duration
{
    private const UNITS = ['w' => 604800, 'd' => 86400, 'h' => 3600, 'm' => 60, 's' => 1];

    private int $seconds;

    public function __construct(int $seconds)
    {
        $this->seconds = $seconds;
    }

    /** Reads `1d 2h`, `-90m`, `1:30:00` or a plain number of seconds. */
    public static function parse(string $text): self
    {
        $text = strtolower(trim($text));
        $sign = 1;
        if ($text !== '' && $text[0] === '-') {
            $sign = -1;
            $text = ltrim(substr($text, 1));
        }
        if (ctype_digit($text)) {
            return new self($sign * (int) $text);
        }
        if (strpos($text, ':') !== false) {
            return new self($sign * self::clock($text));
        }
        return new self($sign * self::units($text));
    }

    private static function clock(string $text): int
    {
        $parts = explode(':', $text);
        if (count($parts) > 3) {
            throw new InvalidArgumentException("no duration: $text");
        }
        $total = 0;
        foreach ($parts as $at => $part) {
            if (!ctype_digit($part) || ($at > 0 && (int) $part > 59)) {
                throw new InvalidArgumentException("no duration: $text");
            }
            $total = $total * 60 + (int) $part;
        }
        return $total;
    }

    private static function units(string $text): int
    {
        if (!preg_match('/^(\d+[wdhms]\s*)+$/', $text)) {
            throw new InvalidArgumentException("no duration: $text");
        }
        preg_match_all('/(\d+)([wdhms])/', $text, $found, PREG_SET_ORDER);
        $total = 0;
        $last = PHP_INT_MAX;
        foreach ($found as [, $number, $unit]) {
            if (self::UNITS[$unit] >= $last) {
                throw new InvalidArgumentException("units out of order: $text");
            }
            $last = self::UNITS[$unit];
            $total += (int) $number * $last;
        }
        return $total;
    }

    public function seconds(): int
    {
        return $this->seconds;
    }

    public function plus(Duration $other): self
    {
        return new self($this->seconds + $other->seconds);
    }

    /** Up to `$most` units, the largest first; the rest is rounded. */
    public function format(int $most = 5): string
    {
        if ($this->seconds === 0) {
            return '0s';
        }
        $left = abs($this->seconds);
        $parts = [];
        foreach (self::UNITS as $unit => $size) {
            $last = count($parts) === $most - 1;
            $number = $last ? (int) round($left / $size) : intdiv($left, $size);
            if ($number > 0) {
                $parts[] = $number . $unit;
                $left -= $number * $size;
            }
            if ($last && $number > 0) {
                break;
            }
        }
        return ($this->seconds < 0 ? '-' : '') . implode(' ', $parts);
    }

    /** -1, 0 or 1. */
    public function compare(Duration $other): int
    {
        return $this->seconds <=> $other->seconds;
    }

    /** The longest of several; null if there are none. */
    public static function longest(Duration ...$all): ?self
    {
        $best = null;
        foreach ($all as $one) {
            if ($best === null || $one->compare($best) > 0) {
                $best = $one;
            }
        }
        return $best;
    }
}
