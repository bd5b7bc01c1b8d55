/** A binary heap; `before` says which of two comes out first. */
export class Heap<T> {
  private readonly items: T[] = [];

  constructor(private readonly before: (left: T, right: T) => boolean) {}

  get size(): number {
    return this.items.length;
  }

  peek(): T | undefined {
    return this.items[0];
  }

  push(item: T): void {
    this.items.push(item);
    let at = this.items.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.before(this.items[at], this.items[parent])) break;
      this.swap(at, parent);
      at = parent;
    }
  }

  pop(): T | undefined {
    const top = this.items[0];
    const last = this.items.pop();
    if (this.items.length > 0 && last !== undefined) {
      this.items[0] = last;
      this.sink(0);
    }
    return top;
  }

  private sink(at: number): void {
    for (;;) {
      let best = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.items.length && this.before(this.items[child], this.items[best])) {
          best = child;
        }
      }
      if (best === at) return;
      this.swap(at, best);
      at = best;
    }
  }

  private swap(left: number, right: number): void {
    [this.items[left], this.items[right]] = [this.items[right], this.items[left]];
  }
}
