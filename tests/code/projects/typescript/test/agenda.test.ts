import { describe, it } from 'node:test';
import assert from 'node:assert';
import { Agenda } from '../src/agenda';

describe('agenda', () => {
  it('runs what is due, in order', async () => {
    const agenda = new Agenda();
    const seen: string[] = [];
    for (const [at, name] of [[3, 'c'], [1, 'a'], [2, 'b'], [1, 'a2'], [9, 'z']] as const) {
      agenda.once(at, () => void seen.push(name));
    }
    const report = await agenda.run(3);
    assert.deepStrictEqual(seen, ['a', 'a2', 'b', 'c']);
    assert.strictEqual(report.ran, 4);
    assert.strictEqual(agenda.next(), 9);
  });

  it('repeats', async () => {
    const agenda = new Agenda();
    const times: number[] = [];
    agenda.every(10, (now) => void times.push(now), 5);
    await agenda.run(25);
    assert.deepStrictEqual(times, [5, 15, 25]);
    assert.strictEqual(agenda.next(), 35);
  });

  it('waits for a job before it starts the next', async () => {
    const agenda = new Agenda();
    const seen: string[] = [];
    agenda.once(1, async () => {
      await new Promise((done) => setImmediate(done));
      seen.push('slow');
    });
    agenda.once(2, () => void seen.push('fast'));
    await agenda.run(2);
    assert.deepStrictEqual(seen, ['slow', 'fast']);
  });

  it('goes on after a failure', async () => {
    const agenda = new Agenda();
    const id = agenda.once(1, async () => {
      throw new Error('broken');
    });
    agenda.once(2, () => undefined);
    assert.deepStrictEqual(await agenda.run(5), { ran: 1, failed: [{ id, reason: 'broken' }] });
  });

  it('forgets what is cancelled', async () => {
    const agenda = new Agenda();
    const id = agenda.once(1, () => assert.fail());
    assert.ok(agenda.cancel(id));
    assert.ok(!agenda.cancel(id));
    assert.ok(!agenda.cancel(7));
    assert.strictEqual(agenda.next(), undefined);
    assert.strictEqual((await agenda.run(9)).ran, 0);
  });

  it('has limits', () => {
    const agenda = new Agenda(1);
    agenda.once(1, () => undefined);
    assert.throws(() => agenda.once(2, () => undefined), /full/);
    assert.throws(() => agenda.every(0, () => undefined), RangeError);
  });
});
