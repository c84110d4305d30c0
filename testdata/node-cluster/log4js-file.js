'use strict';
// log4js on one file, and the ways to make it reopen that file.

const cluster = require('node:cluster');
const { setImmediate: turn, setTimeout: sleep } = require('node:timers/promises');
const log4js = require('log4js');
const reopenFile = require('./reopen-file');

const STRATEGIES = {
  // Ours: the new file is opened, then the old one closed.
  appender: { type: reopenFile, reopen: () => reopenFile.reopen() },
  // The seed's: configure again. log4js ends the old stream and opens a new one within the call.
  configure: { type: 'file', reopen: (config) => log4js.configure(config) },
  // log4js's FAQ: wait until the old stream is drained, then configure. Lines logged meanwhile are dropped.
  'shutdown-configure': { type: 'file', reopen: (config) => log4js.shutdown(() => log4js.configure(config)) },
  // log4js's own handler, reached without a signal that would kill the workers. Lines logged meanwhile are dropped.
  sighup: { type: 'file', reopen: () => process.emit('SIGHUP') },
  // Opens, writes and closes the file by its name for each line: there is nothing to reopen.
  filesync: { type: 'fileSync', reopen: () => {} },
};

// options.mode "each": every process has the file open; "master": workers send their events to the master, which writes.
function log4jsFile(options) {
  const { type, reopen } = STRATEGIES[options.reopen];
  const config = {
    appenders: { file: { type, filename: options.log, layout: { type: 'messagePassThrough' } } },
    categories: { default: { appenders: ['file'], level: 'info' } },
    disableClustering: options.mode === 'each',
  };

  // log4js says when its stream is full, and never takes that back once the stream has been replaced.
  let full = false;
  process.on('log4js:pause', (pause) => { full = pause; });
  const drained = async () => {
    while (full) await sleep(1);
    await turn();
  };

  // A worker of mode "master" asks there.
  const ask = () => new Promise((resolve) => {
    process.on('message', function answer(message) {
      if (message !== 'room') return;
      process.off('message', answer);
      resolve();
    });
    process.send('room?');
  });
  cluster.on('message', async (w, message) => {
    if (message !== 'room?') return;
    await drained();
    if (w.isConnected()) w.send('room');
  });

  let logger;
  return {
    open() {
      log4js.configure(config);
      logger = log4js.getLogger();
    },
    info: (line) => logger.info(line),
    reopen() {
      full = false;
      reopen(config);
    },
    room: cluster.isWorker && options.mode === 'master' ? ask : drained,
    close: () => new Promise((resolve) => { log4js.shutdown(resolve); }),
    workers: options.mode === 'each',
    about: { log4js: require('log4js/package.json').version, mode: options.mode, reopen: options.reopen },
  };
}

module.exports = { log4jsFile, STRATEGIES: Object.keys(STRATEGIES) };
