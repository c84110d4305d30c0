'use strict';
// A log file that is reopened without losing a line: an appender for log4js, and a { write } for any other logger.
//
//   const reopenFile = require('./reopen-file');
//   log4js.configure({
//     appenders: { file: { type: reopenFile, filename: '/srv/api/log/api.log' } },
//     categories: { default: { appenders: ['file'], level: 'info' } },
//   });
//   process.on('SIGUSR2', () => reopenFile.reopen());
//
// Nothing is lost, because a line is in the kernel when write() returns: there is no queue to drain when the old file
// is closed, and no line can come between opening the new one and closing the old. Processes may share the file.

const fs = require('node:fs');

const HELD_MAX = 10000; // lines kept in memory while the file cannot be written

const files = new Set();

class ReopenFile {
  constructor(path, { mode = 0o640, warn = console.error } = {}) {
    Object.assign(this, { path, mode, warn, held: [], dropped: 0, failing: false });
    this.fd = fs.openSync(path, 'a', mode);
    files.add(this);
  }

  // Appends text, one or more whole lines. What a full disk refuses is held, and written before anything newer.
  write(text) {
    if (this.held.length < HELD_MAX) this.held.push(Buffer.from(text));
    else this.dropped++;
    this.flush();
  }

  flush() {
    try {
      while (this.held.length > 0) {
        const line = this.held[0];
        const n = fs.writeSync(this.fd, line);
        if (n < line.length) this.held[0] = line.subarray(n);
        else this.held.shift();
      }
    } catch (err) {
      if (!this.failing) this.warn(`write "${this.path}": ${err.message}; lines are held until it can be written`);
      this.failing = true;
      return;
    }
    if (this.failing) this.warn(`write "${this.path}": works again, ${this.dropped} lines lost`);
    Object.assign(this, { failing: false, dropped: 0 });
  }

  // Moves on to the file that has the path now. If none can be opened, the old one stays in use.
  reopen() {
    const old = this.fd;
    try {
      this.fd = fs.openSync(this.path, 'a', this.mode);
      fs.closeSync(old);
    } catch (err) {
      this.warn(`reopen "${this.path}": ${err.message}${this.fd === old ? '; still writing to the old file' : ''}`);
    }
    this.flush();
  }

  close() {
    files.delete(this);
    fs.closeSync(this.fd);
    if (this.held.length > 0) this.warn(`close "${this.path}": ${this.held.length + this.dropped} lines lost`);
  }
}

function configure(config, layouts) {
  const layout = config.layout ? layouts.layout(config.layout.type, config.layout) : layouts.basicLayout;
  const file = new ReopenFile(config.filename, config);
  const append = (event) => file.write(`${layout(event, config.timezoneOffset)}\n`);
  append.shutdown = (done) => { file.close(); done(); };
  return append;
}

module.exports = { ReopenFile, configure, reopen: () => files.forEach((file) => file.reopen()) };
