import { Heap } from './heap';

export type Job = (now: number) => void | Promise<void>;

interface Entry {
  readonly id: number;
  readonly job: Job;
  readonly every: number;
  at: number;
}

export interface Report {
  ran: number;
  failed: Array<{ id: number; reason: string }>;
}

/** Jobs that are due at times, in their order; those of one time in the order they came. */
export class Agenda {
  private readonly entries = new Heap<Entry>((a, b) => a.at < b.at || (a.at === b.at && a.id < b.id));
  private readonly cancelled = new Set<number>();
  private last = 0;

  constructor(private readonly limit: number = Infinity) {}

  once(at: number, job: Job): number {
    return this.add(at, 0, job);
  }

  every(interval: number, job: Job, from: number = interval): number {
    if (!(interval > 0)) throw new RangeError(`no interval: ${interval}`);
    return this.add(from, interval, job);
  }

  cancel(id: number): boolean {
    if (id < 1 || id > this.last || this.cancelled.has(id)) return false;
    this.cancelled.add(id);
    return true;
  }

  /** When the next job is due; undefined if none is. */
  next(): number | undefined {
    let top = this.entries.peek();
    while (top !== undefined && this.cancelled.has(top.id)) {
      this.entries.pop();
      top = this.entries.peek();
    }
    return top?.at;
  }

  /** Runs what is due until `now`, one after the other; a job that fails does not stop the others. */
  async run(now: number): Promise<Report> {
    const report: Report = { ran: 0, failed: [] };
    for (let due = this.next(); due !== undefined && due <= now; due = this.next()) {
      const entry = this.entries.pop();
      if (entry === undefined) break;
      try {
        await entry.job(due);
        report.ran += 1;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        report.failed.push({ id: entry.id, reason });
      }
      if (entry.every > 0) {
        entry.at += entry.every;
        this.entries.push(entry);
      }
    }
    return report;
  }

  private add(at: number, every: number, job: Job): number {
    if (this.entries.size >= this.limit) throw new Error('the agenda is full');
    const id = ++this.last;
    this.entries.push({ id, job, every, at });
    return id;
  }
}
