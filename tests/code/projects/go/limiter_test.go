package limiter

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

type clock struct{ at time.Time }

func (c *clock) now() time.Time       { return c.at }
func (c *clock) pass(d time.Duration) { c.at = c.at.Add(d) }
func make5(c *clock) *Limiter         { return New(2, 5, c.now) }
func must(t *testing.T, want, got interface{}) {
	t.Helper()
	if !reflect.DeepEqual(want, got) {
		t.Fatalf("want %v, got %v", want, got)
	}
}

func allow(t *testing.T, l *Limiter, client string, n float64) bool {
	t.Helper()
	ok, err := l.Allow(client, n)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func TestBucketStartsFull(t *testing.T) {
	l := make5(&clock{})
	must(t, true, allow(t, l, "a", 5))
	must(t, false, allow(t, l, "a", 0.5))
}

func TestClientsAreApart(t *testing.T) {
	l := make5(&clock{})
	must(t, true, allow(t, l, "a", 5))
	must(t, true, allow(t, l, "b", 5))
}

func TestRefill(t *testing.T) {
	for _, c := range []struct {
		name  string
		after time.Duration
		n     float64
		want  bool
	}{
		{"too early", time.Second, 2.5, false},
		{"just in time", time.Second, 2, true},
		{"never more than full", time.Hour, 5, true},
		{"no time", 0, 0.1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := &clock{}
			l := make5(k)
			allow(t, l, "a", 5)
			k.pass(c.after)
			must(t, c.want, allow(t, l, "a", c.n))
			if c.after == time.Hour {
				must(t, false, allow(t, l, "a", 0.1))
			}
		})
	}
}

func TestClockThatGoesBack(t *testing.T) {
	k := &clock{at: time.Unix(100, 0)}
	l := make5(k)
	allow(t, l, "a", 5)
	k.pass(-time.Minute)
	must(t, false, allow(t, l, "a", 1))
	k.pass(time.Minute + time.Second)
	must(t, true, allow(t, l, "a", 2))
}

func TestTooMuch(t *testing.T) {
	l := make5(&clock{})
	_, err := l.Allow("a", 6)
	must(t, true, errors.Is(err, ErrTooMuch))
	_, err = l.Wait("a", 5.5)
	must(t, true, errors.Is(err, ErrTooMuch))
}

func TestWait(t *testing.T) {
	k := &clock{}
	l := make5(k)
	d, _ := l.Wait("a", 5)
	must(t, time.Duration(0), d)
	allow(t, l, "a", 4)
	d, _ = l.Wait("a", 4)
	must(t, 1500*time.Millisecond, d)
	k.pass(d)
	must(t, true, allow(t, l, "a", 4))
}

func TestSweep(t *testing.T) {
	k := &clock{}
	l := make5(k)
	allow(t, l, "a", 1)
	allow(t, l, "b", 5)
	k.pass(time.Second)
	must(t, 1, l.Sweep())
	must(t, 0, l.Sweep())
	must(t, 1, len(l.buckets))
}

func TestWorst(t *testing.T) {
	l := make5(&clock{})
	for client, n := range map[string]int{"a": 1, "b": 3, "c": 3, "d": 0} {
		allow(t, l, client, 5)
		for i := 0; i < n; i++ {
			allow(t, l, client, 1)
		}
	}
	must(t, []string{"b", "c", "a"}, l.Worst(5))
	must(t, []string{"b", "c"}, l.Worst(2))
}
