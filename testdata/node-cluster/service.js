'use strict';
// The service: a cluster whose only work is to log. On SIGUSR2 the master reopens its own log and tells each worker by
// IPC to do the same. Which logger, and how it reopens, is the caller's.
//
// log = {
//   open()      opens the log; first call, once in each process
//   info(line)  logs a line
//   reopen()    moves on to the file that has the path now
//   room()      resolves when the logger can take more; a rate of max waits for it
//   close()     resolves when every line is written
//   workers     whether workers have the file open and need to be told
// }

const cluster = require('node:cluster');
const fs = require('node:fs');
const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const { load } = require('./load');

const STUCK = 1; // the worker that --stuck-worker means

function service(options, log) {
  return cluster.isPrimary ? master(options, log) : worker(options, log);
}

async function master(options, log) {
  // The handlers come first: without one, SIGUSR2 kills.
  let reopens = 0;
  process.on('SIGUSR2', () => {
    log.reopen();
    if (log.workers) tell('reopen');
    say(`reopened ${++reopens}`);
  });
  process.on('SIGTERM', () => tell('stop'));
  process.on('SIGINT', () => tell('stop'));

  let lines = 0;
  const say = (text) => log.info(`w0 ${++lines} ${text}`);

  log.open();
  const workers = Array.from({ length: options.workers }, () => cluster.fork());
  const tell = (message) => workers.forEach((w) => w.isConnected() && w.send(message));
  const ended = workers.map(end);
  await Promise.all(workers.map((w, i) => Promise.race([once(w, 'message'), ended[i]]))); // "ready", or dead
  tell('start');
  say('ready');
  publish(options.pidfile, `${process.pid}\n`);

  const writers = await Promise.all(ended);
  say('done');
  await log.close();
  writers.unshift({ id: 0, pid: process.pid, sent: lines, maxrss: process.resourceUsage().maxRSS });
  publish(options.summary, `${JSON.stringify({ ...log.about, reopens, writers }, null, 2)}\n`);
  fs.rmSync(options.pidfile);
  process.exitCode = writers.every((w) => w.died === undefined) ? 0 : 1;
}

// Resolves to what a worker reports at its end, or to what killed it.
async function end(w) {
  const entry = { id: w.id, pid: w.process.pid };
  w.on('message', (message) => Object.assign(entry, message.end));
  const [[code, signal]] = await Promise.all([once(w, 'exit'), once(w, 'disconnect')]); // its last message may come after its exit
  if (entry.sent === undefined) entry.died = signal ?? `exit ${code}`;
  return entry;
}

async function worker(options, log) {
  const told = new AbortController();
  let start;
  const started = new Promise((resolve) => { start = resolve; });
  process.on('message', (message) => {
    if (message === 'start') start();
    if (message === 'stop') told.abort();
    if (message === 'reopen') reopen();
  });
  const reopen = async () => {
    while (stuck() && !told.signal.aborted) await sleep(20);
    log.reopen();
  };
  const stuck = () => options['stuck-worker'] && cluster.worker.id === STUCK && !fs.existsSync(options['release-file']);
  // Only the master decides: a signal to the whole process group must not end a worker half-way.
  process.on('SIGTERM', () => {});
  process.on('SIGINT', () => {});

  log.open();
  process.send('ready');
  await started;
  const sent = await load({
    id: cluster.worker.id,
    rate: options.rate / options.workers,
    lines: options.lines,
    bytes: options.bytes,
    info: log.info,
    room: log.room,
    signal: told.signal,
  });
  await log.close();
  process.send({ end: { sent, maxrss: process.resourceUsage().maxRSS } }, () => process.disconnect());
}

// A reader sees the whole file or none.
function publish(path, text) {
  fs.writeFileSync(`${path}.new`, text);
  fs.renameSync(`${path}.new`, path);
}

module.exports = { service };
