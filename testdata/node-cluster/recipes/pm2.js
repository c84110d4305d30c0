'use strict';
// Starts an application under a PM2 daemon of its own.

const fs = require('node:fs');
const path = require('node:path');
const { execFileSync } = require('node:child_process');

const PM2 = path.join(__dirname, 'node_modules', '.bin', 'pm2');

// signalled: which pidfiles of PM2's to send SIGUSR2 to.
function pm2(name, rate, bytes, signalled, text = (line) => line) {
  return async (dir) => {
    const home = path.join(dir, 'pm2');
    const log = path.join(dir, 'app.log');
    const summary = path.join(dir, 'summary');
    const env = { ...process.env, PM2_HOME: home, LOG: log, SUMMARY: summary, RATE: rate / 4, BYTES: bytes };
    const run = (...args) => execFileSync(PM2, ['--silent', ...args], { env });

    run('start', path.join(__dirname, 'pm2.config.js'), '--only', name);
    return {
      log,
      text,
      kill: () => run('kill'),
      signal: () => signalled(home).forEach((file) => process.kill(Number(fs.readFileSync(file, 'utf8')), 'SIGUSR2')),
      async stop() {
        run('stop', name);
        run('kill');
        return [1, 2, 3, 4].map((id) => JSON.parse(fs.readFileSync(`${summary}.${id}`, 'utf8')));
      },
    };
  };
}

const daemon = (home) => [path.join(home, 'pm2.pid')];
const processes = (home) => fs.readdirSync(path.join(home, 'pids')).map((name) => path.join(home, 'pids', name));

module.exports = { daemon, pm2, processes };
