<?php

declare(strict_types=1);

namespace Example\Duration\Tests;

use Example\Duration\Duration;
use InvalidArgumentException;
use PHPUnit\Framework\TestCase;

final class DurationTest extends TestCase
{
    /** @dataProvider readable */
    public function testReads(string $text, int $seconds): void
    {
        self::assertSame($seconds, Duration::parse($text)->seconds());
    }

    public function readable(): array
    {
        return [
            'plain' => ['90', 90],
            'negative' => ['-90', -90],
            'units' => ['1d 2h3m 4s', 93784],
            'weeks' => ['2W', 1209600],
            'clock' => ['1:30:05', 5405],
            'short clock' => ['2:05', 125],
            'long minutes' => ['90:00', 5400],
            'negative clock' => ['- 0:30', -30],
        ];
    }

    /** @dataProvider unreadable */
    public function testRefuses(string $text): void
    {
        $this->expectException(InvalidArgumentException::class);
        Duration::parse($text);
    }

    public function unreadable(): array
    {
        return [[''], ['1x'], ['1m 1h'], ['1h 1h'], ['1:60'], ['1:2:3:4'], ['1:-2'], ['one']];
    }

    public function testFormats(): void
    {
        self::assertSame('0s', (new Duration(0))->format());
        self::assertSame('1d 2h 3m 4s', (new Duration(93784))->format());
        self::assertSame('-1h 30m', (new Duration(-5400))->format());
        self::assertSame('1w', (new Duration(604800))->format());
    }

    public function testRoundsWhatIsLeftOut(): void
    {
        self::assertSame('1d 2h', (new Duration(93784))->format(2));
        self::assertSame('2h', (new Duration(5400))->format(1));
        self::assertSame('1h 31m', (new Duration(5430))->format(2));
    }

    public function testAdds(): void
    {
        $sum = Duration::parse('1h')->plus(Duration::parse('-90m'));
        self::assertSame(-1800, $sum->seconds());
    }

    public function testLongest(): void
    {
        self::assertNull(Duration::longest());
        $all = array_map([Duration::class, 'parse'], ['5m', '1h', '-2h', '59m']);
        self::assertSame(3600, Duration::longest(...$all)->seconds());
        self::assertSame(0, Duration::parse('60')->compare(Duration::parse('1m')));
    }
}
