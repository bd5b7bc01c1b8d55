// Package limiter spends tokens that come back with time, for each of many clients.
package limiter

import (
	"errors"
	"sort"
	"sync"
	"time"
)

// ErrTooMuch says that a request is larger than the bucket will ever be.
var ErrTooMuch = errors.New("limiter: more than a full bucket")

// Limiter holds one bucket a client. Its zero value is of no use; see New.
type Limiter struct {
	mu      sync.Mutex
	rate    float64
	size    float64
	now     func() time.Time
	buckets map[string]*bucket
}

type bucket struct {
	tokens float64
	at     time.Time
	denied int
}

// New makes a limiter of buckets with room for size tokens, which gain rate tokens a second.
func New(rate, size float64, now func() time.Time) *Limiter {
	return &Limiter{rate: rate, size: size, now: now, buckets: map[string]*bucket{}}
}

func (l *Limiter) bucket(client string) *bucket {
	b, known := l.buckets[client]
	if !known {
		b = &bucket{tokens: l.size, at: l.now()}
		l.buckets[client] = b
	}
	return b
}

func (b *bucket) fill(l *Limiter) {
	now := l.now()
	passed := now.Sub(b.at).Seconds()
	if passed <= 0 {
		return
	}
	b.tokens += passed * l.rate
	if b.tokens > l.size {
		b.tokens = l.size
	}
	b.at = now
}

// Allow spends n tokens of a client if it has them.
func (l *Limiter) Allow(client string, n float64) (bool, error) {
	if n > l.size {
		return false, ErrTooMuch
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucket(client)
	b.fill(l)
	if b.tokens < n {
		b.denied++
		return false, nil
	}
	b.tokens -= n
	return true, nil
}

// Wait says how long a client has to wait for n tokens.
func (l *Limiter) Wait(client string, n float64) (time.Duration, error) {
	if n > l.size {
		return 0, ErrTooMuch
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucket(client)
	b.fill(l)
	missing := n - b.tokens
	if missing <= 0 {
		return 0, nil
	}
	return time.Duration(missing / l.rate * float64(time.Second)), nil
}

// Sweep forgets clients whose buckets are full again, and says how many that were.
func (l *Limiter) Sweep() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	gone := 0
	for client, b := range l.buckets {
		b.fill(l)
		if b.tokens >= l.size {
			delete(l.buckets, client)
			gone++
		}
	}
	return gone
}

// Worst names up to n clients, those most often denied first, then by name.
func (l *Limiter) Worst(n int) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var names []string
	for client, b := range l.buckets {
		if b.denied > 0 {
			names = append(names, client)
		}
	}
	sort.Slice(names, func(i, j int) bool {
		a, b := l.buckets[names[i]], l.buckets[names[j]]
		if a.denied != b.denied {
			return a.denied > b.denied
		}
		return names[i] < names[j]
	})
	if len(names) > n {
		names = names[:n]
	}
	return names
}
