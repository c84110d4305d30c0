'use strict';
// One trial: a service logs, its log is rotated under it, and every line is looked for.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const { count } = require('./count');
const { rotate } = require('./rotate');

const BYTES = 100; // a line's
const ROTATIONS = 20;
const PAUSE = 150; // ms of writing between two rotations

// start(dir) => { log, text, signal, stop, kill }: the path of the log; text(line) gets our line out of one of the
// log's; signal() has the log reopened; stop() => [{ id, sent, maxrss }]; kill() is for when something went wrong.
async function trial(start, exercise = rotations) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'node-cluster-'));
  let service;
  try {
    service = await start(dir);
    const began = performance.now();
    const archives = await exercise(service);
    await sleep(PAUSE);
    const writers = await service.stop();
    const seconds = (performance.now() - began) / 1000;

    const lines = await count([...archives.map((a) => a.path), service.log], writers, BYTES, service.text);
    const released = archives.filter((a) => a.ms !== undefined);
    const ms = released.map((a) => a.ms).sort((a, b) => a - b);
    return {
      ...lines,
      sent: writers.reduce((sum, w) => sum + w.sent, 0),
      rate: lines.found / seconds,
      rotations: archives.length,
      released: released.length,
      late: released.filter((a) => fs.statSync(a.path).size !== a.size).length,
      median: ms[ms.length >> 1],
      slowest: ms.at(-1),
      maxrss: Math.max(...writers.map((w) => w.maxrss)),
    };
  } catch (err) {
    service?.kill();
    throw err;
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

async function rotations({ log, signal }) {
  const archives = [];
  for (let k = 1; k <= ROTATIONS; k++) {
    await sleep(PAUSE);
    archives.push(await rotate(log, k, signal));
  }
  return archives;
}

// A rotation at which the new log cannot be opened, and one at which it can.
async function refused({ log, signal }) {
  await sleep(PAUSE);
  fs.renameSync(log, `${log}.1`);
  fs.mkdirSync(log);
  signal();
  await sleep(PAUSE * 4);
  fs.rmdirSync(log);
  signal();
  await sleep(PAUSE * 4);
  return [{ path: `${log}.1` }, await rotate(log, 2, signal)];
}

// Starts a service that keeps to README.md: a pidfile when it is ready, a summary when it has ended.
function service(script, args, { text = (line) => line, stderr = 'inherit' } = {}) {
  return async (dir) => {
    const [log, pidfile, summary] = ['app.log', 'pid', 'summary'].map((name) => path.join(dir, name));
    const flags = ['--log', log, '--pidfile', pidfile, '--summary', summary, '--bytes', BYTES, ...args];
    const child = spawn(process.execPath, [script, ...flags], { stdio: ['ignore', 'inherit', stderr] });
    const exit = once(child, 'exit');
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    while (!fs.existsSync(pidfile)) {
      if (child.exitCode !== null) throw new Error(`${script}: exit ${child.exitCode}`);
      await sleep(10);
    }
    return {
      log,
      text,
      kill,
      signal: () => process.kill(Number(fs.readFileSync(pidfile, 'utf8')), 'SIGUSR2'),
      async stop() {
        child.kill('SIGTERM');
        const [code] = await exit;
        process.off('exit', kill);
        if (code !== 0) throw Object.assign(new Error(`${script}: exit ${code}`), { code: 'EXIT' });
        return JSON.parse(fs.readFileSync(summary, 'utf8')).writers;
      },
    };
  };
}

module.exports = { BYTES, refused, service, trial };
