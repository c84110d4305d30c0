'use strict';
// What a rotator does to a log, in small: rename, signal, wait until no process holds the old file.

const fs = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');

const PATIENCE = 2000; // ms until a process that still holds the old file counts as not letting go
const MISSING = 10000; // ms until a service that has not opened a new log is given up

// Resolves to { path, ms, size }: the archive, and how long it took until it was let go, and its size then.
async function rotate(log, k, signal) {
  for (const began = performance.now(); !fs.existsSync(log); await sleep(2)) {
    if (performance.now() - began > MISSING) {
      throw Object.assign(new Error(`no new log within ${MISSING} ms`), { code: 'MISSING' });
    }
  }
  const path = `${log}.${k}`;
  fs.renameSync(log, path);
  const began = performance.now();
  signal();
  while (held(path)) {
    if (performance.now() - began > PATIENCE) return { path };
    await sleep(2);
  }
  return { path, ms: performance.now() - began, size: fs.statSync(path).size };
}

function held(file) {
  return fs.readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && files(pid).includes(file));
}

// Processes and descriptors that are gone by now hold nothing.
function files(pid) {
  const dir = `/proc/${pid}/fd`;
  try {
    return fs.readdirSync(dir).map((fd) => {
      try { return fs.readlinkSync(`${dir}/${fd}`); } catch { return ''; }
    });
  } catch {
    return [];
  }
}

module.exports = { rotate };
