// Runs many scripts on two trees and says what came of them; one thread a tree, made anew if it dies.
//
// Reads orders.json: {name, scripts: [{text, form}], seconds}. Prints one line of JSON: {node, found},
// in `found` for each script what it did in `fixed` and in `buggy`: {out, error, message}.
import fs from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';

const orders = JSON.parse(fs.readFileSync('orders.json', 'utf8'));

const RUNNER = `
const { parentPort, workerData } = require('node:worker_threads');
const { createRequire } = require('node:module');
const { pathToFileURL } = require('node:url');
const MAX_OUTPUT = 20000;
const load = createRequire(workerData.root + '/x.js');
let out = '';
const write = (data) => { if (out.length < MAX_OUTPUT) out += data; return true; };
process.stdout.write = write;
process.stderr.write = () => true;
const format = require('node:util').format;
for (const name of ['log', 'info', 'debug']) console[name] = (...given) => void write(format(...given) + '\\n');
for (const name of ['error', 'warn', 'trace']) console[name] = () => {};
const told = (error) => {
  const known = error !== null && typeof error === 'object' && 'message' in error;
  return {
    error: known ? String(error.name) : 'Uncaught',
    message: known ? String(error.message).split('\\n').join(' ') : String(error),
  };
};
let current = 0;
const say = (ends) => {
  parentPort.postMessage({ number: current, out, error: '', message: '', ...ends });
  out = '';
};
process.on('uncaughtException', (error) => say(told(error)));
parentPort.on('message', async ({ number, place, waits }) => {
  current = number;
  out = '';
  for (const name of Object.keys(require.cache)) {
    if (name.startsWith(workerData.root)) delete require.cache[name];
  }
  let ends = {};
  try {
    if (place.endsWith('.cjs')) load(place);
    else await import(pathToFileURL(place));
    if (waits) await new Promise((done) => setTimeout(done, 30));
  } catch (error) {
    ends = told(error);
  }
  if (current === number) say(ends);
});
`;

class Side {
  constructor(name) {
    this.root = path.resolve(name);
    if (orders.name) {
      const place = path.join(this.root, 'node_modules', orders.name);
      fs.mkdirSync(path.dirname(place), { recursive: true });
      fs.symlinkSync(this.root, place);
    }
    this.worker = null;
    this.ended = () => {};
  }

  started() {
    const worker = new Worker(RUNNER, {
      eval: true,
      workerData: { root: this.root },
      stdout: true,
      stderr: true,
    });
    const died = (error) => this.ended({ out: '', error: 'exit', message: String(error) }, true);
    worker.on('message', (said) => this.ended(said, false));
    worker.on('error', died);
    worker.on('exit', () => worker === this.worker && died(''));
    return worker;
  }

  run(number) {
    const { text, form } = orders.scripts[number];
    const place = path.join(this.root, `example_${number}.${form}`);
    fs.writeFileSync(place, text);
    this.worker ??= this.started();
    const worker = this.worker;
    return new Promise((resolve) => {
      const hang = () => this.ended({ number, out: '', error: 'hang', message: '' }, true);
      const late = setTimeout(hang, orders.seconds * 1000);
      this.ended = (said, died) => {
        if (!died && said.number !== number) return;
        clearTimeout(late);
        this.ended = () => {};
        if (died) {
          this.worker = null;
          worker.terminate();
        }
        resolve({ out: said.out, error: said.error, message: said.message });
      };
      const waits = /\b(then|setTimeout|setImmediate|nextTick|async|emit|on)\b/.test(text);
      worker.postMessage({ number, place, waits });
    });
  }
}

async function all(name) {
  const side = new Side(name);
  const found = [];
  for (let number = 0; number < orders.scripts.length; number++) {
    found.push(await side.run(number));
  }
  return found;
}

const [fixed, buggy] = await Promise.all([all('fixed'), all('buggy')]);
const found = fixed.map((right, number) => [right, buggy[number]]);
const node = process.versions.node.split('.')[0];
fs.writeSync(1, `\nEVIDENCE ${JSON.stringify({ node, found })}\n`);
process.exit(0);
