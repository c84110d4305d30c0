'use strict';
// One of PM2's processes: prints its lines, or logs them with pino and reopens that by itself.

const fs = require('node:fs');
const { setImmediate: turn, setTimeout: sleep } = require('node:timers/promises');
const pino = require('pino');
const { load } = require('../load');

const { BYTES, LOG, NODE_APP_INSTANCE, RATE, SUMMARY } = process.env;

const stop = new AbortController();
process.on('SIGINT', () => stop.abort());

const print = { info: (line) => console.log(line) };

function logger() {
  const file = pino.destination(LOG);
  file.on('error', (err) => console.error(err.message));
  process.on('SIGUSR2', () => file.reopen());
  return pino(file);
}

async function main() {
  const log = process.argv.includes('pino') ? logger() : print;
  process.send('ready');
  const id = Number(NODE_APP_INSTANCE) + 1;
  const sent = await load({
    id,
    rate: Number(RATE),
    lines: Infinity,
    bytes: Number(BYTES),
    info: (line) => log.info(line),
    room: turn,
    signal: stop.signal,
  });
  // PM2 drops what it has not written when a process ends. That is not what is measured here.
  await sleep(1000);
  fs.writeFileSync(`${SUMMARY}.${id}`, JSON.stringify({ id, sent, maxrss: process.resourceUsage().maxRSS }));
  process.exit();
}

main();
